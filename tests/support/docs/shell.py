"""bash where `copq` is the preloaded one, and the clock is what a test says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import Preloaded, preloaded

_DATE = """#!/bin/sh
LD_PRELOAD={library} FAKETIME={shift} exec /bin/date "$@"
"""


class Shell:
    """Commands of a document; `programs` come before those of the system."""

    def __init__(
        self, programs: Path, server: Preloaded, family: str, environment: dict[str, str]
    ) -> None:
        self._server, self._family = server, family
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**kept, "PATH": path, **environment}

    def run(self, script: str, folder: Path) -> tuple[int, str]:
        """The exit code and what was printed. What runs in the background may go on."""
        said = folder / "said.log"
        with said.open("w+") as file:
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", script], cwd=folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, timeout=PATIENCE_S,
                check=False,
            )  # fmt: skip
        return done.returncode, said.read_text(encoding="utf-8")

    def end(self) -> None:
        """End every `copq` that still runs, and wait for it."""
        self._server.end(self._family)


@contextmanager
def shell(folder: Path, library: Path | None = None, shift: str = "") -> Iterator[Shell]:
    """A shell whose `copq` and `date` are `shift` away from now."""
    programs = folder / "bin"
    programs.mkdir()
    server = _shifted(folder / "copq.socket", library, shift) if library else preloaded()
    family = str(folder)
    server.write_client(programs / "copq", family)
    if library:
        date = programs / "date"
        date.write_text(_DATE.format(library=library, shift=shift))
        date.chmod(0o755)
    yield Shell(programs, server, family, {"COLUMNS": "160"})
    if library:
        server.close()


def _shifted(path: Path, library: Path, shift: str) -> Preloaded:
    faked = {"LD_PRELOAD": str(library), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    return Preloaded(path, faked)
