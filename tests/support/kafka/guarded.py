"""A child process that never outlives the test run."""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

# Its standard input reaches end of file when the process holding the other end dies, however it
# died. PR_SET_PDEATHSIG would not do: it fires when the starting thread ends, not the process.
_GUARD = 'trap "" HUP INT TERM; read _; kill -9 0'


class Child(Protocol):
    """What a test asks of a process, as of `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: signal.Signals, /) -> None: ...


def spawn(command: Sequence[str], output: int, group: int) -> Child:
    """A process of the group, with this standard output and error, and no input."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=group,
    )


class GuardedProcess:
    """A command in a process group led by a guard, which kills the group with its owner."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        launch: Callable[[Sequence[str], int, int], Child] = spawn,
    ) -> None:
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD], stdin=subprocess.PIPE, process_group=0
        )
        try:
            with log.open("ab") as output:
                self._child = launch(command, output.fileno(), self._guard.pid)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._child.pid

    def exit_code(self) -> int | None:
        return self._child.poll()

    def wait(self, seconds: float) -> int:
        """The exit code; subprocess.TimeoutExpired when it is still running by then."""
        return self._child.wait(seconds)

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def stop(self, grace: float) -> None:
        """Ask it to end, and insist after the grace. A frozen one is woken to hear it."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            self.wait(grace)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        if self._guard.poll() is None:
            os.killpg(self._guard.pid, signal.SIGKILL)
        # Waiting also reaps them, so that nothing is left in the process table.
        self._guard.communicate()
        if hasattr(self, "_child"):
            self._child.wait()
