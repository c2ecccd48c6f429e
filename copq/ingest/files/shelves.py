"""Where files of a watched folder end: `done` or `rejected`, each with its report next to it."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Literal

import msgspec

from copq.ingest.files.arrived import Arrived
from copq.process.regular_file import NotRegular, TooLong, opened_folder, read_regular
from copq.process.whole_file import write_whole

Shelf = Literal["done", "rejected"]
_REPORT = ".report.json"
_LONGEST_REPORT = 16 << 20
"""Of ours; what is longer is somebody else's."""

log = logging.getLogger(__name__)


class InUse(Exception):
    """Another process watches the folder."""


class _ReportKey(msgspec.Struct):
    """Of a report: which import it is of."""

    import_key: str = ""


class Shelves:
    """The two folders in a watched folder. Nothing in them is ever overwritten.

    Each step opens the folders that it works in: one that is swapped for a link is refused.
    """

    def __init__(self, folder: Path) -> None:
        """Makes them, and holds the folder against other watches. Raises `OSError`, `InUse`."""
        self._folder = folder
        self._held = _hold(folder / ".copq-watch.lock")
        try:
            with (
                opened_folder(folder, follow=True) as watched,
                _opened_shelf("done", watched) as done,
                _opened_shelf("rejected", watched),
            ):
                self._known = dict(_imports_in(done))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        os.close(self._held)

    def imported_file(self, key: str) -> str | None:
        """The file in `done` that was this very import, if there is one."""
        return self._known.get(key)

    def put(self, file: Arrived, shelf: Shelf, report: dict[str, Any]) -> str | None:
        """Write the report, then move the file; answer where it is, relative to the folder.

        Cut off between the two, a second call with the same import goes on. None where another
        file has taken the name meanwhile: it stays in the watched folder, to be imported.
        """
        with (
            opened_folder(self._folder, follow=True) as watched,
            _opened_shelf(shelf, watched) as place,
        ):
            name = _put(file, watched, place, report)
        if name is None:
            return None
        if shelf == "done":
            self._known[report["import_key"]] = name
        return f"{shelf}/{name}"


def _opened_shelf(shelf: Shelf, watched: int) -> AbstractContextManager[int]:
    """It is made where somebody has tidied it away."""
    with suppress(FileExistsError):
        os.mkdir(shelf, dir_fd=watched)
    return opened_folder(shelf, watched)


def _put(file: Arrived, watched: int, place: int, report: dict[str, Any]) -> str | None:
    name = _place(place, file.name, report["import_key"])
    text = msgspec.json.format(msgspec.json.encode(report), indent=2)
    write_whole(Path(_report_of(name)), text + b"\n", folder=place)
    if file.is_at(file.name, watched) or not _is_there(file.name, watched):
        os.rename(file.name, name, src_dir_fd=watched, dst_dir_fd=place)
        if file.is_at(name, place):
            return name
        _put_back(name, place, file.name, watched)
    os.unlink(_report_of(name), dir_fd=place)
    return None


def _put_back(name: str, place: int, original: str, watched: int) -> None:
    """A file that took the name between the last look and the move: to a free name, again."""
    for free in _names(original):
        if not _is_there(free, watched):
            os.rename(name, free, src_dir_fd=place, dst_dir_fd=watched)
            return


def _place(shelf: int, name: str, key: str) -> str:
    for place in _names(name):
        if not _is_there(place, shelf) and _import_of(_report_of(place), shelf) in (None, key):
            return place
    raise AssertionError


def _names(name: str) -> Iterator[str]:
    """The name, then the name with a number: `a.csv`, `a-2.csv`."""
    yield name
    stem, dot, suffixes = name.partition(".")
    yield from (f"{stem}-{number}{dot}{suffixes}" for number in count(2))


def _is_there(name: str, folder: int) -> bool:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        return True
    return False


def _report_of(place: str) -> str:
    return place + _REPORT


def _import_of(report: str, folder: int) -> str | None:
    """Which import a report is of; none where there is no report."""
    try:
        content = read_regular(report, _LONGEST_REPORT, folder)
        return msgspec.json.decode(content, type=_ReportKey).import_key
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, NotRegular, TooLong):
        return ""


def _imports_in(done: int) -> Iterator[tuple[str, str]]:
    """Every import whose file lies there, by its report."""
    for report in os.listdir(done):
        name = report.removesuffix(_REPORT)
        if name != report and _is_there(name, done) and (key := _import_of(report, done)):
            yield key, name


def _hold(path: Path) -> int:
    """A lock that ends with the process. A share without locks has none: two watches there only
    make each other's reports odd, nothing counts twice."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise InUse(f"another copq watches {path.parent}") from None
    except OSError:
        pass
    return held
