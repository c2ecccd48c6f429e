"""`copq up` as a process of its own, on a free port, for as long as the demo needs it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NoReturn

from copq.command_line.exits import Exit
from copq.command_line.terminal import fail

READY_WITHIN_S = 300
STOPPED_WITHIN_S = 120
LOG_END = 2000
_COPQ = (sys.executable, "-c", "from copq.command_line.command import main; main()")


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class DemoService:
    """A service that answers at `url`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self) -> NoReturn:
        """Wait while the service runs. Ends the command if the service ends by itself."""
        code = self.process.wait()
        fail(f"the service ended ({code}); its log:\n{_end_of(self.log)}", Exit.UNAVAILABLE)


@contextmanager
def running(data: Path, port: int) -> Iterator[DemoService]:
    """A service on `data`; it is stopped on the way out.

    Its log is `service.log` in the folder. Ends the command where it does not come up.
    """
    log = data / "service.log"
    process = _start_process(data, port, log)
    try:
        _await_answer(port, process, log)
        yield DemoService(f"http://127.0.0.1:{port}", process, log)
    finally:
        _stop(process)


def _start_process(data: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    words = [*_COPQ, "up", "--data", str(data), "--port", str(port)]
    # In a session of its own: Ctrl-C is the demo's to answer, and it stops the service then.
    with log.open("wb") as file:
        return subprocess.Popen(
            words, stdout=file, stderr=file, env=_environment(), start_new_session=True
        )


def _environment() -> dict[str, str]:
    """Our environment without the variables that name another database."""
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}


def _await_answer(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not _answers(port):
        if process.poll() is not None:
            fail(f"the service ended at once; its log:\n{_end_of(log)}", Exit.UNAVAILABLE)
        if time.monotonic() > deadline:
            waited = f"the service does not answer after {READY_WITHIN_S} s"
            fail(f"{waited}; its log:\n{_end_of(log)}", Exit.UNAVAILABLE)
        time.sleep(0.1)


def _answers(port: int) -> bool:
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-LOG_END:]
