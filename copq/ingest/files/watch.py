"""A watched folder: each file that is complete is imported, then put aside with its report."""

import asyncio
import errno
import getpass
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from copq.ingest.files import metrics
from copq.ingest.files.arrivals import Arrivals, Complete
from copq.ingest.files.arrived import Arrived
from copq.ingest.files.checkpoint import Checkpoint, Tally, import_key
from copq.ingest.files.faults import FileError, NotAnIntake
from copq.ingest.files.importing import ImportReport, Step, carry_on
from copq.ingest.files.mapping_choice import Choice, chosen
from copq.ingest.files.report import report_json, report_line
from copq.ingest.files.shelves import Shelf, Shelves
from copq.ingest.files.survey import Survey, survey
from copq.ingest.intake import Intake
from copq.process.system_errors import plainly
from copq.web.unavailable import Unavailable

LEAVE_S = 5
"""How long a chunk under way may take once the watch is told to stop."""

LONGEST_PAUSE_S = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchSettings:
    folder: Path
    choices: tuple[Choice, ...]
    state: Path
    """Where it is remembered how far an import got."""
    settle_s: float = 5.0
    """So long a file must look the same before it is taken."""
    every_s: float = 1.0


class _Stopped(Exception):
    """Told to stop between two chunks."""


@dataclass(frozen=True, slots=True)
class _Import:
    """One file's import: what was found, and what became of it."""

    choice: Choice
    key: str
    sha256: str
    report: ImportReport
    error: str | None = None
    """Why the file is given up."""


class Watch:
    """One folder, one file after the other. It holds the folder from its making to its end.

    Raises `OSError` where the folder cannot be used, and `InUse`, as it is made.
    """

    def __init__(self, settings: WatchSettings, intake: Intake, identity: str) -> None:
        self._settings, self._intake, self._identity = settings, intake, identity
        folder = settings.folder.resolve()
        mappings = {c.file.resolve() for c in settings.choices}
        ignored = [file.name for file in mappings if file.parent == folder]
        self._arrivals = Arrivals(settings.folder, settings.settle_s, ignored)
        self._shelves = Shelves(settings.folder)
        self._pauses = _Pauses()
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; the chunk under way is finished, the file goes on next time."""
        self._stop = stop
        working, stopping = asyncio.create_task(self._work()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([working], timeout=LEAVE_S)
            if working.done():
                working.result()
        finally:
            working.cancel()
            stopping.cancel()
            self._shelves.close()

    async def _work(self) -> None:
        while not self._stop.is_set():
            for found in await self._complete():
                if not self._stop.is_set() and self._pauses.is_over(found.name):
                    await self._take(found)
            await self._rest()

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), self._settings.every_s)
        except TimeoutError:
            return

    async def _complete(self) -> list[Complete]:
        try:
            found = await asyncio.to_thread(self._arrivals.complete, time.monotonic())
        except OSError as error:
            log.error("%s; looking again", _advice(error, self._settings.folder))
            return []
        metrics.WAITING.set(len(self._arrivals))
        return found

    async def _take(self, found: Complete) -> None:
        """Whatever is wrong with this file, the others get their turn."""
        path = self._settings.folder / found.name
        try:
            with metrics.FILE_SECONDS.time():
                await self._open(found)
            self._pauses.end(found.name)
        except _Stopped:
            log.info("%s: told to stop, it goes on from there next time", found.name)
        except Exception as error:
            if isinstance(error, FileNotFoundError) and not await _is_there(path):
                log.info("%s: is gone from the folder; what was imported of it counts", found.name)
                return
            metrics.RETRIES.inc()
            pause = self._pauses.begin(found.name)
            log.error("%s; trying again in %.0f s", _advice(error, path), pause)

    async def _open(self, found: Complete) -> None:
        with await asyncio.to_thread(Arrived, self._settings.folder, found.name) as file:
            if file.look() == found.look:
                await self._import(file, found)
            else:
                log.info("%s: has changed since it was complete, and waits again", file.name)

    async def _import(self, file: Arrived, complete: Complete) -> None:
        began = time.monotonic()
        try:
            choice = self._choice(file.name)
            found = await asyncio.to_thread(survey, file.content, choice.mapping, file.name)
        except FileError as error:
            return self._give_up(file, str(error))
        key = import_key(found.sha256, choice.mapping, self._identity)
        checkpoint = Checkpoint(self._settings.state, key)
        if self._shelves.imported_file(key) is not None:
            checkpoint.remove()  # the rest of an import that was put aside does not count
        done = await self._done(file, found, choice, key, checkpoint)
        if file.look() == complete.look:
            await asyncio.to_thread(self._put, file, done, time.monotonic() - began)
        else:
            log.info("%s: was written to while it was read, and is read again", file.name)
        checkpoint.remove()

    def _choice(self, name: str) -> Choice:
        found = chosen(self._settings.choices, name)
        if found is None:
            patterns = ", ".join(choice.pattern for choice in self._settings.choices)
            raise FileError(f"has a name that no mapping is for; there are some for: {patterns}")
        return found

    async def _done(
        self, file: Arrived, found: Survey, choice: Choice, key: str, checkpoint: Checkpoint
    ) -> _Import:
        """The whole file imported, or as far as it can be read."""
        show = self._on_progress(file.name)
        try:
            report = await carry_on(
                file.content, found, choice.mapping, self._intake, checkpoint, show
            )
        except FileError as error:
            tally = checkpoint.load()
            partial = ImportReport(0, 0, {}, 0, 0, tally)
            return _Import(choice, key, found.sha256, partial, str(error))
        return _Import(choice, key, found.sha256, report, _fits_nothing(report.tally))

    def _on_progress(self, name: str) -> Callable[[Step], None]:
        def show(step: Step) -> None:
            if step.waiting:
                log.warning("%s: %s", name, step.waiting)
            if self._stop.is_set():
                raise _Stopped

        return show

    def _put(self, file: Arrived, done: _Import, seconds: float) -> None:
        """The report and the file to their place; cut off between them it is done again."""
        said = {
            "file": file.name,
            "status": _shelf(done.error),
            "error": done.error,
            "same_content_as": self._shelves.imported_file(done.key),
            "mapping": done.choice.mapping.name,
            "sha256": done.sha256,
            "import_key": done.key,
            **report_json(done.report),
        }
        if not self._shelve(file, said, report_line(done.report), seconds):
            return
        for status in ("accepted", "duplicates", "refused"):
            metrics.EVENTS.labels(status).inc(said[status])

    def _give_up(self, file: Arrived, error: str) -> None:
        """A file that was not read at all, so only its size and time identify it."""
        look = file.look()
        key = f"unread {look.inode} {look.changed_ns} {look.size}"
        said = {"file": file.name, "status": "rejected", "error": error, "import_key": key}
        self._shelve(file, said, "nothing of it was imported", 0.0)

    def _shelve(self, file: Arrived, said: dict[str, Any], line: str, seconds: float) -> bool:
        """Whether the file was put aside: not one that another file has replaced."""
        same = said.get("same_content_as")
        more = [said["error"]] if said["error"] else []
        more += [f"the same content as {same}, which counts once"] if same else []
        summary = "; ".join([f"{line}; {seconds:.1f} s", *more])
        at = datetime.now(UTC).isoformat(timespec="seconds")
        report = {"summary": summary, **said, "seconds": round(seconds, 3), "finished_at": at}
        shelf: Shelf = _shelf(said["error"])
        place = self._shelves.put(file, shelf, report)
        if place is None:
            log.warning("%s: %s; another file has taken its name, and is next", file.name, summary)
            return False
        metrics.FILES.labels(shelf).inc()
        metrics.LAST_FILE.set_to_current_time()
        say = log.warning if shelf == "rejected" or said.get("refused") else log.info
        say("%s: %s; now in %s", file.name, summary, place)
        return True


def _shelf(error: str | None) -> Shelf:
    return "done" if error is None else "rejected"


def _fits_nothing(tally: Tally) -> str | None:
    if tally.refused and not tally.accepted and not tally.duplicates:
        return "every event of it was refused: is it the right mapping?"
    return None


async def _is_there(path: Path) -> bool:
    return await asyncio.to_thread(os.path.lexists, path)


class _Pauses:
    """What could not be taken is left alone for longer and longer."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[float, float]] = {}

    def is_over(self, name: str) -> bool:
        return time.monotonic() >= self._of.get(name, (0.0, 0.0))[1]

    def begin(self, name: str) -> float:
        pause = min(2 * self._of.get(name, (0.5, 0.0))[0], LONGEST_PAUSE_S)
        self._of[name] = (pause, time.monotonic() + pause)
        return pause

    def end(self, name: str) -> None:
        self._of.pop(name, None)


def _advice(error: Exception, path: Path) -> str:
    """What is wrong, and what to do about it."""
    if isinstance(error, Unavailable | NotAnIntake):
        return f"{path.name}: {error}"
    if not isinstance(error, OSError):
        log.error("%s: a fault of copq's own", path.name, exc_info=error)
        return f"{path.name}: {error!r}"
    where = error.filename or path
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path.name}: no room is left for {where}: make room on its disk"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{path.name}: {where} is not for the user {getpass.getuser()} to read, write or "
            "move: give it the rights (chown, chmod), on the folder too"
        )
    return f"{path.name}: {where}: {plainly(error)}"
