"""Where files of a watched folder end: `done` or `rejected`, each with its report next to it."""

import errno
import fcntl
import os
from itertools import count
from pathlib import Path
from typing import Any, Literal

import msgspec

from services.process.whole_file import write_whole

Shelf = Literal["done", "rejected"]
_REPORT = ".report.json"


class InUse(Exception):
    """Another process watches the folder."""


class _Named(msgspec.Struct):
    """Of a report: which import it is of."""

    import_key: str = ""


class Shelves:
    """The two folders in a watched folder. Nothing in them is ever overwritten."""

    def __init__(self, folder: Path) -> None:
        """Makes them, and holds the folder against other watches. Raises `OSError`, `InUse`."""
        self._folder = folder
        for shelf in ("done", "rejected"):
            (folder / shelf).mkdir(exist_ok=True)
            if (folder / shelf).is_symlink():
                raise NotADirectoryError(
                    errno.ENOTDIR, "is a symbolic link, which is not followed", str(folder / shelf)
                )
        self._held = _hold(folder / ".copq-watch.lock")
        self._known = dict(_known(folder / "done"))

    def close(self) -> None:
        os.close(self._held)

    def known(self, key: str) -> str | None:
        """The file in `done` that was this very import, if there is one."""
        return self._known.get(key)

    def put(self, path: Path, shelf: Shelf, report: dict[str, Any]) -> str:
        """Write the report, then move the file; answer where it is, relative to the folder.

        Cut off between the two, a second call with the same import goes on.
        """
        place = self._place(self._folder / shelf, path.name, report["import_key"])
        text = msgspec.json.format(msgspec.json.encode(report), indent=2)
        write_whole(_report_of(place), text + b"\n")
        path.rename(place)
        if shelf == "done":
            self._known[report["import_key"]] = place.name
        return f"{shelf}/{place.name}"

    def _place(self, shelf: Path, name: str, key: str) -> Path:
        stem, dot, suffixes = name.partition(".")
        for number in count(1):
            place = shelf / (name if number == 1 else f"{stem}-{number}{dot}{suffixes}")
            if not place.exists() and _import_of(_report_of(place)) in (None, key):
                return place
        raise AssertionError


def _report_of(place: Path) -> Path:
    return place.with_name(place.name + _REPORT)


def _import_of(report: Path) -> str | None:
    """Which import a report is of; none where there is no report."""
    try:
        return msgspec.json.decode(report.read_bytes(), type=_Named).import_key
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        return ""


def _known(done: Path) -> list[tuple[str, str]]:
    """Every import whose file lies there, by its report."""
    found = []
    for report in done.glob(f"*{_REPORT}"):
        name = report.name.removesuffix(_REPORT)
        if (done / name).exists() and (key := _import_of(report)):
            found.append((key, name))
    return found


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
