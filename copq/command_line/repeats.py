"""A log that stays readable while a client reports ten times a second that its broker is away."""

import logging
import time
from collections.abc import Callable

EVERY_S = 10.0
_REMEMBERED = 1_000


class RepeatFilter(logging.Filter):
    """Passes a message once, then once in ten seconds with the number of suppressed repeats."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key = (record.name, record.getMessage())
        now = self._clock()
        at, held = self._said.get(key, (-EVERY_S, 0))
        if now - at < EVERY_S:
            self._said[key] = (at, held + 1)
            return False
        self._remember(key, now)
        if held:
            record.msg, record.args = f"{key[1]} ({held} more since)", ()
        return True

    def _remember(self, key: tuple[str, str], now: float) -> None:
        if len(self._said) >= _REMEMBERED:
            self._said.clear()
        self._said[key] = (now, 0)
