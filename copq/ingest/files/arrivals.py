"""What lies in a watched folder and is complete: looked at, since shares tell of no change.

Symbolic links are not followed: who may write to the folder may not read what we may read.
"""

import logging
import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from copq.ingest.files.arrived import Look

log = logging.getLogger(__name__)

UNFINISHED = (".part", ".tmp", ".filepart")


class Complete(NamedTuple):
    """A file that may be taken, as long as it looks like this."""

    name: str
    look: Look


class Arrivals:
    """The files directly in a folder, and since when each looks as it does."""

    def __init__(self, folder: Path, settle_s: float, ignored: Collection[str] = ()) -> None:
        self._folder, self._settle_s, self._ignored = folder, settle_s, frozenset(ignored)
        self._since: dict[str, tuple[Look, float]] = {}
        self._links: set[str] = set()

    def complete(self, now: float) -> list[Complete]:
        """Those that have looked the same for the time to settle, the oldest first.

        `now` is of a clock that never goes back. Raises `OSError` where the folder is away.
        """
        seen = self._looks()
        self._since = {name: self._unchanged_since(name, look, now) for name, look in seen.items()}
        done = [name for name, (_, at) in self._since.items() if now - at >= self._settle_s]
        oldest_first = sorted(done, key=lambda name: (seen[name].changed_ns, name))
        return [Complete(name, seen[name]) for name in oldest_first]

    def __len__(self) -> int:
        return len(self._since)

    def _unchanged_since(self, name: str, look: Look, now: float) -> tuple[Look, float]:
        before = self._since.get(name)
        return before if before is not None and before[0] == look else (look, now)

    def _looks(self) -> dict[str, Look]:
        found: dict[str, Look] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    if self._is_wanted(entry):
                        found[entry.name] = Look.of(entry.stat(follow_symlinks=False))
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
