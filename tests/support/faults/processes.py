"""The product's own processes, as an operator starts them and as a test may break them."""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.support.kafka.guarded import GuardedProcess
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import launch, run_copq

COPQ = str(Path(sys.executable).with_name("copq"))
"""For anything to come true, on a machine that is busy with other things."""

_TAIL_LINES = 60


class Service:
    """A `copq` command that may be started, killed, frozen, and started again.

    A preloaded one starts in no time. Its memory and its start are those of the preloaded process.
    """

    def __init__(self, folder: Path, name: str, *arguments: str, preloaded: bool = True) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._words = [*arguments]
        self._preloaded = preloaded
        self._process: GuardedProcess | None = None

    def add(self, *arguments: str) -> None:
        """More of its command line, from the next start on."""
        self._words += arguments

    def start(self) -> "Service":
        assert self._process is None, f"{self.name} runs already"
        if self._preloaded:
            self._process = GuardedProcess(self._words, self.log, launch)
        else:
            self._process = GuardedProcess([COPQ, *self._words], self.log)
        return self

    def kill(self) -> None:
        """As a power cut: no signal that it could hear."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def freeze(self) -> None:
        self._live().signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._live().signal(signal.SIGCONT)

    def tell(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._live().signal(number)

    async def exit_code(self, seconds: float = PATIENCE_S) -> int:
        """Wait until it has ended by itself."""
        process = self._live()
        await until(lambda: process.exit_code() is not None, f"{self.name} has ended", seconds)
        code = process.exit_code()
        assert code is not None
        self.kill()
        return code

    async def stop(self) -> int:
        self.tell()
        return await self.exit_code()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.exit_code() is None

    @property
    def has_failed(self) -> bool:
        """It ended, and the test has not asked for its exit code yet."""
        return self._process is not None and self._process.exit_code() is not None

    @property
    def pid(self) -> int:
        return self._live().pid

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self) -> str:
        lines = "\n".join(self.said().splitlines()[-_TAIL_LINES:])
        return f"--- {self.name} ({'runs' if self.runs else 'ended'}) ---\n{lines}"

    def _live(self) -> GuardedProcess:
        assert self._process is not None, f"{self.name} does not run"
        return self._process


def copq(*arguments: str, code: int = 0) -> str:
    """Run a command to its end and answer what it printed; its complaints where it is to fail."""
    done = run_copq(*arguments, timeout=PATIENCE_S)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout or done.stderr


async def until(
    true: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = PATIENCE_S
) -> None:
    """Wait for it to come true."""
    deadline = time.monotonic() + seconds
    while True:
        answer = true()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.2)
