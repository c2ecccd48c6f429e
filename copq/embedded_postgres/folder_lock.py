"""Locks between processes which the system itself lifts when their holder dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from copq.embedded_postgres.account import Account

_FLAGS = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Not through a symbolic link, and without waiting for the other end of a pipe."""


class FolderLock:
    """A lock on the file `path`, taken at once: shared by many, or by one alone.

    Waits while others hold it against us. Freed by release(), by leaving the context, or
    by the process's death however it comes. Raises OSError where the file cannot be opened or is a
    symbolic link, EmbeddedPostgresError where it is somebody else's.
    """

    def __init__(self, path: Path, owner: Account, *, shared: bool = False) -> None:
        # Not opened for writing: a file that root made must serve the folder's owner too.
        self._file: int | None = os.open(path, _FLAGS, 0o644)
        try:
            owner.own(self._file, path)
            fcntl.flock(self._file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        except BaseException:
            self.release()
            raise

    def is_last(self) -> bool:
        """Whether no other process shares this lock; if one does, our share is released."""
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the lock up; a no-op the second time."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.release()
