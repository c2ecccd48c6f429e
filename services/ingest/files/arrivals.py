"""What lies in a watched folder and is complete: looked at, since shares tell of no change.

Symbolic links are not followed: who may write to the folder may not read what we may read.
"""

import logging
import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

UNFINISHED = (".part", ".tmp", ".filepart")


class Look(NamedTuple):
    """What a file that is being written changes."""

    size: int
    changed_ns: int
    inode: int

    @classmethod
    def at(cls, path: Path | os.DirEntry[str]) -> "Look":
        found = path.stat(follow_symlinks=False)
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


class Arrivals:
    """The files directly in a folder, and since when each looks as it does."""

    def __init__(self, folder: Path, settle_s: float, ignored: Collection[str] = ()) -> None:
        self._folder, self._settle_s, self._ignored = folder, settle_s, frozenset(ignored)
        self._since: dict[str, tuple[Look, float]] = {}
        self._links: set[str] = set()

    def complete(self, now: float) -> list[Path]:
        """Those that have looked the same for the time to settle, the oldest first.

        `now` is of a clock that never goes back. Raises `OSError` where the folder is away.
        """
        seen = self._looks()
        self._since = {name: self._kept(name, look, now) for name, look in seen.items()}
        done = [name for name, (_, at) in self._since.items() if now - at >= self._settle_s]
        return [self._folder / n for n in sorted(done, key=lambda n: (seen[n].changed_ns, n))]

    def __len__(self) -> int:
        return len(self._since)

    def _kept(self, name: str, look: Look, now: float) -> tuple[Look, float]:
        before = self._since.get(name)
        return before if before is not None and before[0] == look else (look, now)

    def _looks(self) -> dict[str, Look]:
        found: dict[str, Look] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    if self._is_wanted(entry):
                        found[entry.name] = Look.at(entry)
                except FileNotFoundError:
                    continue
        return found

    def _is_wanted(self, entry: os.DirEntry[str]) -> bool:
        name = entry.name.lower()
        if name.startswith(".") or name.endswith(UNFINISHED) or entry.name in self._ignored:
            return False
        if entry.is_symlink() and entry.name not in self._links:
            self._links.add(entry.name)
            log.warning("%s is a symbolic link, which is not followed: put the file there", name)
        return entry.is_file(follow_symlinks=False)
