"""Writing a file as a whole or not at all, even if the power fails."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(
    path: Path, content: bytes, mode: int = 0o666, *, folder: int | None = None
) -> None:
    """Replace the file at `path` by `content`; `mode` and the umask say who may read it.

    With `folder`, an open folder, `path` is relative to it. Raises `OSError`.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _remove(fresh, folder)
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode, dir_fd=folder)
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        _remove(fresh, folder)
        raise


def _remove(path: Path, folder: int | None) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path, dir_fd=folder)
