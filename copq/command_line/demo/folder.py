"""The demo's own data folder, made again at each run."""

import shutil
from pathlib import Path

from copq.command_line.exits import Exit
from copq.command_line.terminal import fail
from copq.embedded_postgres.server import EmbeddedPostgres, EmbeddedPostgresError

MARK = "made-by-copq-demo"


def prepare_folder(folder: Path) -> None:
    """Empty `folder` except for the demo's mark.

    Ends the command if the folder holds other data or is in use.
    """
    if folder.exists() and not (folder / MARK).exists() and any(folder.iterdir()):
        fail(f"{folder} holds data that the demo did not make; choose another folder with --data")
    if _is_in_use(folder):
        fail(f"{folder} is in use, by `copq up` perhaps: stop that first", Exit.UNAVAILABLE)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _is_in_use(folder: Path) -> bool:
    """Whether a server keeps running when ours stops; one of a killed demo stops with ours."""
    pid_file = folder / "postgres" / "postmaster.pid"
    if not pid_file.exists():
        return False
    try:
        with EmbeddedPostgres(folder):
            pass
    except EmbeddedPostgresError as error:
        fail(f"{error}\nRemove the folder {folder} and try again.", Exit.UNAVAILABLE)
    return pid_file.exists()
