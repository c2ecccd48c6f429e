"""A file of the watched folder, held open while it is imported."""

import os
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from copq.process.regular_file import open_regular, opened_folder


class Look(NamedTuple):
    """What a file that is being written changes."""

    size: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Look":
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


class Arrived:
    """One file, from its opening to its end: all that is read is read of this very file.

    Another file that takes its name meanwhile, or a link, is neither read nor moved in its place.
    Raises `OSError` as it is opened, `NotRegular` where the name is that of a link, say.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        with opened_folder(folder, follow=True) as opened:
            self._opened = open_regular(name, opened)

    @property
    def content(self) -> Path:
        """A path that leads to the open file itself, not by its name."""
        return Path(f"/proc/self/fd/{self._opened}")

    def look(self) -> Look:
        return Look.of(os.fstat(self._opened))

    def is_at(self, name: str, folder: int) -> bool:
        """Whether it lies under this name in an open folder; False where nothing does."""
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._opened))

    def __enter__(self) -> "Arrived":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self._opened)
