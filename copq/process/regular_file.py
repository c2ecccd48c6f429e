"""Opening files in a folder where others may write: never a link, a pipe or a device."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without waiting for the other end of a pipe."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_FOLDER = "is not a folder, or is a symbolic link, which is not followed: remove it"
_ODD = (errno.ELOOP, errno.ENXIO)
"""What opening a link and a socket fails with."""


class NotRegular(OSError):
    """There is something else under the name: a symbolic link, a folder, a pipe, a socket."""

    def __init__(self, name: str | Path) -> None:
        super().__init__(
            errno.EINVAL, "is not a plain file, and is not followed: put the file itself there",
            str(name),
        )  # fmt: skip


class TooLong(OSError):
    def __init__(self, name: str | Path, limit: int) -> None:
        super().__init__(errno.EFBIG, f"is longer than {limit:,} bytes", str(name))


def open_regular(name: str | Path, folder: int | None = None) -> int:
    """A descriptor to read the file `name`, relative to the open `folder`; the caller closes it.

    What is checked is what is open, so nobody can swap it between. Raises OSError, `NotRegular`.
    """
    try:
        opened = os.open(name, _READ, dir_fd=folder)
    except OSError as error:
        raise NotRegular(name) if error.errno in _ODD else error from None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise NotRegular(name)
    return opened


def read_regular(name: str | Path, limit: int, folder: int | None = None) -> bytes:
    """The content of a file of at most `limit` bytes. Raises OSError, `NotRegular`, `TooLong`."""
    with os.fdopen(open_regular(name, folder), "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLong(name, limit)
    return content


@contextmanager
def opened_folder(
    path: str | Path, folder: int | None = None, *, follow: bool = False
) -> Iterator[int]:
    """A descriptor of a folder; operations relative to it are always in this folder.

    Raises OSError: of a symbolic link too, unless it is to `follow` one.
    """
    try:
        opened = os.open(path, _FOLDER | (0 if follow else os.O_NOFOLLOW), dir_fd=folder)
    except NotADirectoryError:
        raise NotADirectoryError(errno.ENOTDIR, _NO_FOLDER, str(path)) from None
    try:
        yield opened
    finally:
        os.close(opened)
