"""Signals that wait until a step that must not be interrupted ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals that would end the process take effect after the body. Of the main thread alone:
    no other is interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    handlers: dict[signal.Signals, Any] = {one: signal.getsignal(one) for one in SIGNALS}
    for one, handler in handlers.items():
        if handler is not None:  # None: set by something else than Python, and left as it is
            signal.signal(one, lambda number, _: waiting.append(number))
    try:
        yield
    finally:
        for one, handler in handlers.items():
            if handler is not None:
                signal.signal(one, handler)
        for number in waiting[:1]:
            signal.raise_signal(number)
