"""Importing a file: converted, handed over in chunks, each remembered once it is acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tenacity import RetryCallState, wait_exponential

from copq.access.sender import ANYONE, Sender
from copq.ingest.files.checkpoint import Checkpoint, Tally
from copq.ingest.files.convert import Converted, Converter, Unreadable
from copq.ingest.files.faults import FileError, NotAnIntake
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.rows import read_rows
from copq.ingest.files.survey import Survey
from copq.ingest.intake import Answer, Intake, Status
from copq.process.retry import error_of, keep_trying
from copq.web.unavailable import Unavailable

CHUNK = 2_000
PATIENCE_S = 300.0
"""How long an intake may go on not answering before the import gives up; it can be resumed."""
_DOUBLING = wait_exponential(multiplier=1, max=30)


@dataclass(frozen=True, slots=True)
class Step:
    """Where the import is; `waiting` says what for, while the intake does not answer."""

    rows: int
    events: int
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The file as a whole: what an interrupted run before this one did is in it too."""

    rows: int
    """All rows of the file: as many as are used, skipped and refused together."""
    used: int
    skipped: dict[str, int]
    """Rows that make no event, by the rule that says so."""
    ambiguous: int
    resumed_at: int
    """Events that were acknowledged before this run, 0 if it began at the beginning."""
    tally: Tally


OnProgress = Callable[[Step], None]


async def import_file(
    path: Path,
    found: Survey,
    mapping: Mapping,
    intake: Intake,
    checkpoint: Checkpoint,
    on_progress: OnProgress,
) -> ImportReport:
    """As `carry_on`; then the checkpoint has served its time.

    Raises `NotAnIntake` where no event at the beginning is one that its sender may report.
    """
    scoped = _StopsOutOfScope(intake)
    report = await carry_on(path, found, mapping, scoped, checkpoint, on_progress)
    checkpoint.remove()
    return report


class _StopsOutOfScope:
    """A token for other lines refuses a file to its end; the first chunk tells as much."""

    def __init__(self, intake: Intake) -> None:
        self._intake, self._first = intake, True

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        answers = await self._intake.accept(raws, sender)
        refusals = [answer.refusal for answer in answers if answer.refusal is not None]
        if self._first and raws and len(refusals) == len(raws):
            foreign = [why for why in refusals if why.code == "out_of_scope"]
            if len(foreign) == len(raws):
                raise NotAnIntake(
                    f"stopped: none of the first {len(raws):,} events is of a line that this token "
                    f"may report ({foreign[0].message}). Give a token of these lines: COPQ_TOKEN "
                    "or --token"
                )
        self._first = False
        return answers


async def carry_on(
    path: Path,
    found: Survey,
    mapping: Mapping,
    intake: Intake,
    checkpoint: Checkpoint,
    on_progress: OnProgress,
) -> ImportReport:
    """Import all of a file, from where the checkpoint says.

    The checkpoint moves when a chunk is acknowledged, so whatever ends this before its end, a
    second call goes on and counts nothing twice. Raises `FileError`, and `Unavailable` when the
    intake has not answered for `PATIENCE_S`.
    """
    tally = checkpoint.load()
    resumed_at = tally.done
    converter = Converter(mapping, found.hours)
    items = converter.events(read_rows(path, found.format, mapping))
    async for chunk in _chunks(items, skip=resumed_at):
        await _hand_over(
            chunk, intake, tally, lambda why: on_progress(_step(converter, tally, why))
        )
        checkpoint.save(tally)
        on_progress(_step(converter, tally))
    return _reconciled(found, converter, resumed_at, tally)


def _reconciled(found: Survey, rows: Converter, resumed_at: int, tally: Tally) -> ImportReport:
    """The report, in which every row of the file has its place. Raises `FileError`."""
    if rows.rows != found.rows:
        raise FileError(
            f"had {found.rows:,} rows when it was looked at and {rows.rows:,} when it was "
            "imported: it was written to meanwhile. Import it again"
        )
    used = rows.used - (tally.rows_refused - rows.refused)
    skipped = dict(sorted(rows.skipped.items()))
    return ImportReport(rows.rows, used, skipped, rows.ambiguous, resumed_at, tally)


def _step(converter: Converter, tally: Tally, waiting: str = "") -> Step:
    return Step(converter.rows, tally.done, waiting)


Items = list[Converted | Unreadable]


async def _chunks(items: Iterator[Converted | Unreadable], skip: int) -> AsyncIterator[Items]:
    """All but the first `skip`. They are made in a thread, for a service may answer others."""
    while skip > 0 and (passed := len(await _next(items, min(skip, CHUNK)))):
        skip -= passed
    while chunk := await _next(items, CHUNK):
        yield chunk


async def _next(items: Iterator[Converted | Unreadable], count: int) -> Items:
    return await asyncio.to_thread(lambda: list(islice(items, count)))


async def _hand_over(
    chunk: Items, intake: Intake, tally: Tally, on_wait: Callable[[str], None]
) -> None:
    """Tally what becomes of a chunk; nothing is tallied unless all of it is acknowledged."""
    events = [item for item in chunk if isinstance(item, Converted)]
    answers = await _answers([event.raw for event in events], intake, on_wait)
    answered = iter(answers)
    for item in chunk:
        if isinstance(item, Unreadable):
            tally.refuse(*item)
        else:
            tally.send(item.event_type)
            _count(item, next(answered), tally)
    tally.done += len(chunk)


def _count(event: Converted, answer: Answer, tally: Tally) -> None:
    if answer.status is Status.ACCEPTED:
        tally.accepted += 1
        if answer.note is not None:
            tally.wait(answer.note)
    elif answer.status is Status.DUPLICATE:
        tally.duplicates += 1
    elif answer.refusal is not None:
        tally.refuse(event.row, answer.refusal.field, answer.refusal.message, event.rows)
    else:
        tally.refuse(event.row, "", "refused without a reason", event.rows)


async def _answers(
    raws: list[bytes], intake: Intake, on_wait: Callable[[str], None]
) -> list[Answer]:
    """The intake's answers; while it is unavailable, longer and longer waits between tries."""
    if not raws:
        return []
    return await keep_trying(
        lambda: intake.accept(raws), Unavailable, _wait,
        lambda error, wait_s: on_wait(f"{error}; trying again in {wait_s:.0f} s"),
        patience_s=PATIENCE_S,
    )  # fmt: skip


def _wait(state: RetryCallState) -> float:
    """Longer and longer, and at least as long as the intake asks."""
    error = error_of(state)
    asked = float(error.retry_after) if isinstance(error, Unavailable) else 0.0
    return max(_DOUBLING(state), asked)
