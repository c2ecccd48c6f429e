"""Chunks, answers, waits, and what an interruption leaves behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from copq.access.sender import ANYONE, Sender
from copq.ingest.files import importing
from copq.ingest.files.checkpoint import Checkpoint, Tally, import_key
from copq.ingest.files.convert import Unreadable
from copq.ingest.files.importing import ImportReport, Step, import_file
from copq.ingest.files.survey import survey
from copq.ingest.intake import Answer, Status
from copq.schemas.refusal import Refusal
from copq.web.unavailable import Unavailable
from tests.support.ingest.files.converting import small

ROWS = 50


class MemoryIntake:
    """Knows what it has taken; may fail before or after it takes a batch."""

    def __init__(self) -> None:
        self.taken: set[bytes] = set()
        self.batches: list[int] = []
        self.failures: list[BaseException] = []
        self.fails_once_taken: BaseException | None = None

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append(len(raws))
        answers = [self._answer(raw) for raw in raws]
        failure, self.fails_once_taken = self.fails_once_taken, None
        if failure is not None:
            raise failure
        return answers

    def _answer(self, raw: bytes) -> Answer:
        if b'"product":"bad"' in raw:
            return Answer(Status.REFUSED, refusal=Refusal("x", "product", "product is bad"))
        known = raw in self.taken
        self.taken.add(raw)
        return Answer(Status.DUPLICATE if known else Status.ACCEPTED)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [f"2026-01-31 14:{n:02},P4,A,s,3" for n in range(ROWS)]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["at,press,item,step,scrap", *lines]))
    return path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "state", "a-key")


async def run(
    file: Path, intake: MemoryIntake, checkpoint: Checkpoint, steps: list[Step] | None = None
) -> ImportReport:
    seen = steps if steps is not None else []
    return await import_file(file, survey(file, small()), small(), intake, checkpoint, seen.append)


async def test_events_go_in_chunks_and_the_report_adds_up(
    file: Path, checkpoint: Checkpoint
) -> None:
    intake, steps = MemoryIntake(), list[Step]()
    report = await run(file, intake, checkpoint, steps)
    assert intake.batches == [10] * 5
    assert (report.rows, report.tally.accepted, report.tally.done) == (ROWS, ROWS, ROWS)
    assert report.tally.sent == {"defect": ROWS}
    assert [step.events for step in steps] == [10, 20, 30, 40, 50]


async def test_finished_import_leaves_no_checkpoint_and_a_second_finds_duplicates(
    file: Path, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    intake = MemoryIntake()
    await run(file, intake, checkpoint)
    assert list((tmp_path / "state").iterdir()) == []
    report = await run(file, intake, checkpoint)
    assert (report.tally.accepted, report.tally.duplicates) == (0, ROWS)


async def test_interrupted_import_goes_on_after_the_last_acknowledged_chunk(
    file: Path, checkpoint: Checkpoint
) -> None:
    intake = MemoryIntake()

    def interrupt_at_30(step: Step) -> None:
        if step.events == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_file(file, survey(file, small()), small(), intake, checkpoint, interrupt_at_30)
    report = await run(file, intake, checkpoint)
    assert intake.batches == [10] * 5
    assert report.resumed_at == 30
    assert (report.rows, report.tally.accepted, report.tally.duplicates) == (ROWS, ROWS, 0)


async def test_chunk_that_was_stored_but_not_acknowledged_is_sent_again(
    file: Path, checkpoint: Checkpoint
) -> None:
    intake = MemoryIntake()
    intake.fails_once_taken = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await run(file, intake, checkpoint)
    report = await run(file, intake, checkpoint)
    assert (report.tally.accepted, report.tally.duplicates) == (40, 10)
    assert len(intake.taken) == ROWS


async def test_unavailable_intake_is_tried_again_after_longer_and_longer_waits(
    file: Path, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(asyncio, "sleep", _remembering(waits))
    intake, steps = MemoryIntake(), list[Step]()
    intake.failures = [Unavailable("busy", 0), Unavailable("busy", 0), Unavailable("busy", 9)]
    report = await run(file, intake, checkpoint, steps)
    assert report.tally.accepted == ROWS
    assert waits == [1.0, 2.0, 9.0]
    assert steps[2] == Step(10, 0, "busy; trying again in 9 s")


async def test_intake_that_stays_away_ends_the_import_and_keeps_what_is_done(
    file: Path, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PATIENCE_S", 0.0)
    intake = MemoryIntake()

    def away_after_20(step: Step) -> None:
        if step.events == 20:
            intake.failures = [Unavailable("gone")]

    with pytest.raises(Unavailable):
        await import_file(file, survey(file, small()), small(), intake, checkpoint, away_after_20)
    assert (await run(file, intake, checkpoint)).resumed_at == 20


async def test_refusals_name_the_row_whoever_refused(file: Path, checkpoint: Checkpoint) -> None:
    lines = file.read_text().splitlines()
    lines[3] = "2026-01-31 14:02,P4,bad,s,3"
    lines[6] = "never,P4,A,s,3"
    file.write_text("\n".join(lines))
    report = await run(file, MemoryIntake(), checkpoint)
    assert report.tally.refused == 2
    assert report.tally.refusals[0] == Unreadable(4, "product", "product is bad")
    assert report.tally.refusals[1][:2] == (7, "occurred_at")
    assert report.tally.accepted == ROWS - 2


async def test_the_first_refusals_are_kept_and_the_others_counted(
    file: Path, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copq.ingest.files.checkpoint.KEPT", 10)
    file.write_text(file.read_text().replace(",A,", ",bad,"))
    report = await run(file, MemoryIntake(), checkpoint)
    assert (report.tally.refused, len(report.tally.refusals)) == (ROWS, 10)


def test_checkpoint_is_read_as_it_was_saved(checkpoint: Checkpoint) -> None:
    tally = Tally(7, 3, 2, 1, refusals=[Unreadable(5, "f", "m")])
    tally.send("defect")
    checkpoint.save(tally)
    assert checkpoint.load() == tally


def test_illegible_checkpoint_is_a_beginning(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint.save(Tally(7))
    (file,) = (tmp_path / "state").iterdir()
    file.write_bytes(file.read_bytes()[:9])
    assert checkpoint.load() == Tally()


def test_another_content_mapping_or_target_is_another_import() -> None:
    other = small(**{"name: mill": "name: mill2"})
    keys = {
        import_key("a", small(), "t"), import_key("b", small(), "t"),
        import_key("a", other, "t"), import_key("a", small(), "u"),
    }  # fmt: skip
    assert len(keys) == 4


def _remembering(waits: list[float]) -> Any:
    async def sleep(seconds: float) -> None:
        if seconds:
            waits.append(seconds)

    return sleep
