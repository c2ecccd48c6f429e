"""bash where `copq` is the preloaded one, and the clock is what a test says."""

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CALL = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    call = dict(words=sys.argv[1:], folder=os.getcwd(), environment=dict(os.environ))
    socket.send_fds(server, [json.dumps(call).encode()], [0, 1, 2])
    sys.exit(int(server.recv(16) or 99))
"""
_DATE = """#!/bin/sh
LD_PRELOAD={library} FAKETIME={shift} exec /bin/date "$@"
"""


class Shell:
    """Commands of a document; `programs` come before those of the system."""

    def __init__(self, programs: Path, server: Path, environment: dict[str, str]) -> None:
        self._server = server
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**kept, "PATH": path, **environment}

    def run(self, script: str, folder: Path) -> tuple[int, str]:
        """The exit code and what was printed. What runs in the background may go on."""
        said = folder / "said.log"
        with said.open("w+") as file:
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", script], cwd=folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, timeout=240,
                check=False,
            )  # fmt: skip
        return done.returncode, said.read_text(encoding="utf-8")

    def end(self) -> None:
        """End every `copq` that still runs, and wait for it."""
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._server))
            server.sendall(b"end")
            server.recv(1)


@contextmanager
def preloaded(folder: Path, library: Path | None = None, shift: str = "") -> Iterator[Shell]:
    """A shell whose `copq` and `date` are `shift` away from now."""
    programs = folder / "bin"
    programs.mkdir()
    path = folder / "copq.socket"
    faked = {"LD_PRELOAD": str(library), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.docs.preloaded", str(path)], cwd=ROOT,
        env={**os.environ, **(faked if library else {})}, stdin=subprocess.PIPE,
    )  # fmt: skip
    try:
        _write(programs / "copq", _CALL.format(python=sys.executable, path=str(path)))
        if library:
            _write(programs / "date", _DATE.format(library=library, shift=shift))
        while not path.exists():
            assert server.poll() is None
            time.sleep(0.02)
        yield Shell(programs, path, {"COLUMNS": "160"})
    finally:
        server.communicate(timeout=60)


def _write(program: Path, text: str) -> None:
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
