"""Processes of `copq` that are forks of a preloaded one, used as those of `subprocess` are."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
_CLIENT = """#!{python} -IS
import json, os, socket, sys
call = dict(folder=os.getcwd(), environment=dict(os.environ), family={family!r}, words=sys.argv[1:])
if os.path.basename(sys.argv[0]) == "python":
    call["module"] = sys.argv[sys.argv.index("-m") + 1]
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [json.dumps(call).encode()], [0, 1, 2])
    told = server.makefile()
    told.readline()
    sys.exit(int(told.readline() or 99))
"""
_NOTHING = Path(os.devnull)


class Preloaded:
    """A preloaded copq. It ends with its owner, however that ends."""

    def __init__(self, path: Path, more: Mapping[str, str] | None = None) -> None:
        self.path = path
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.programs.preloaded", str(path)], cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **(more or {})},
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.pid = self._server.pid
        self.write_client(path.with_name("python"))
        deadline = time.monotonic() + PATIENCE_S
        while not path.exists():
            assert self._server.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)

    def write_client(self, program: Path, family: str = "") -> None:
        """A program that has its words run by this server."""
        text = _CLIENT.format(python=sys.executable, path=str(self.path), family=family)
        program.write_text(text)
        program.chmod(0o755)

    def ask(self, call: dict[str, Any], files: Sequence[int] = ()) -> socket.socket:
        asked = socket.socket(socket.AF_UNIX)
        asked.connect(str(self.path))
        socket.send_fds(asked, [json.dumps(call).encode()], list(files))
        return asked

    def end(self, family: str) -> None:
        """End what was called by this name and still runs."""
        with self.ask({"end": family}) as asked:
            asked.recv(1)

    def close(self) -> None:
        self._server.communicate(timeout=PATIENCE_S)


@cache
def preloaded() -> Preloaded:
    """That of this test process, started for the first call."""
    folder = Path(tempfile.mkdtemp(prefix="copq-preloaded-"))
    found = Preloaded(folder / "socket")
    atexit.register(shutil.rmtree, folder, True)
    atexit.register(found.close)
    return found


class Forked:
    """`copq` with these words: what `subprocess.Popen` is to other programs."""

    def __init__(
        self, words: Sequence[str], files: tuple[int, int, int], *, group: int = 0,
        folder: Path | None = None, environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        call = {
            "words": list(words), "folder": str(folder or Path.cwd()), "group": group,
            "environment": dict(os.environ if environment is None else environment),
        }  # fmt: skip
        self.returncode: int | None = None
        self._socket = preloaded().ask(call, files)
        self._answers = b""
        self.pid = self._number(None)

    def poll(self) -> int | None:
        try:
            return self.wait(0.0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; subprocess.TimeoutExpired when it is still running by then."""
        if self.returncode is None:
            self.returncode = self._number(timeout)
            self._socket.close()
        return self.returncode

    def _number(self, timeout: float | None) -> int:
        """The next that is told: the process id, then the exit code."""
        self._socket.settimeout(timeout)
        while b"\n" not in self._answers:
            try:
                told = self._socket.recv(16)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("copq", timeout or 0) from None
            assert told, "the preloaded copq is gone"
            self._answers += told
        first, _, self._answers = self._answers.partition(b"\n")
        return int(first)

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@cache
def programs() -> str:
    """The folder of a `copq` that is preloaded, for the PATH of a shell."""
    folder = preloaded().path.parent / "bin"
    folder.mkdir()
    preloaded().write_client(folder / "copq")
    return str(folder)


def launch(words: Sequence[str], output: int, group: int) -> Forked:
    """`copq` with these words in a process group, as a service runs: without input."""
    with _NOTHING.open("rb") as nothing:
        return Forked(words, (nothing.fileno(), output, output), group=group)


def run_copq(
    *words: str, timeout: float, folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """As `subprocess.run` of `copq` with these words and no input."""
    with (
        _NOTHING.open("rb") as nothing, tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as complained,
    ):  # fmt: skip
        files = (nothing.fileno(), said.fileno(), complained.fileno())
        child = Forked(words, files, folder=folder, environment=environment)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(words, code, _text(said), _text(complained))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")
