"""Unexpected errors in one line; with a traceback only on request."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import typer

from copq.command_line.exits import Exit
from copq.database.address import redact
from copq.process.system_errors import is_of_server, with_server
from copq.schemas.names import visible

TRACEBACK = "COPQ_TRACEBACK"


class Terminated(SystemExit):
    """The process was told to end: what is open is closed on the way out."""


def end_on_signals() -> None:
    """SIGTERM and SIGHUP end a command as Ctrl-C does: in order, with its servers stopped."""
    for one in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(one) is signal.SIG_DFL:  # nohup ignores SIGHUP, and so do we then
            signal.signal(one, _terminate)


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    print(f"copq: ended by {signal.Signals(number).name}", file=sys.stderr)
    raise Terminated(128 + number)


@contextmanager
def reported_plainly() -> Iterator[None]:
    """End the command with one line about an error that nothing else reports."""
    try:
        yield
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get(TRACEBACK) or _is_answer(error):
            raise
        message, code = _report(error)
        print(f"copq: {visible(redact(message))}", file=sys.stderr)
        raise typer.Exit(code) from error


def _is_answer(error: Exception) -> bool:
    """Whether Typer reports the error itself: wrong usage, or a requested exit."""
    module = type(error).__module__
    return isinstance(error, typer.Exit | typer.Abort) or module.startswith(("typer.", "click."))


def _report(error: Exception) -> tuple[str, Exit]:
    said = " ".join(with_server(error).split())
    if is_of_server(error):
        return said, Exit.UNAVAILABLE
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{said}", Exit.UNAVAILABLE
    return (
        f"a fault of copq, {type(error).__name__}: {said}. Set {TRACEBACK}=1 and run the command "
        "again to see where; please report it",
        Exit.FAULT,
    )
