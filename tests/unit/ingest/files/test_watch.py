"""A watched folder: what becomes of each file, and of the others next to it."""

import asyncio
import errno
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from copq.access.sender import ANYONE, Sender
from copq.ingest.files import importing, watch
from copq.ingest.files.checkpoint import Checkpoint
from copq.ingest.files.mapping_choice import Choice, chosen, read_choice
from copq.ingest.files.survey import survey
from copq.ingest.files.watch import Watch, WatchSettings
from copq.ingest.intake import Answer
from copq.web.unavailable import Unavailable
from tests.support.ingest.files.converting import SMALL, small
from tests.support.patience import PATIENCE_S
from tests.unit.ingest.files.test_importing import MemoryIntake

HEADER = "at,press,item,step,scrap\n"


def rows(count: int, item: str = "A", hour: int = 14) -> str:
    return "".join(f"2026-01-31 {hour}:{n:02},P4,{item},s,3\n" for n in range(count))


class Folder:
    """A folder, its watch, and what lies in it."""

    def __init__(self, path: Path, *patterns: str) -> None:
        self.path = path / "in"
        self.path.mkdir()
        self.state = path / "state"
        self.intake = MemoryIntake()
        self.choices = tuple(Choice(p, path / "m.yaml", small()) for p in patterns or ["*"])

    def put(self, name: str, text: str | bytes) -> None:
        fresh = self.path / f"{name}.part"
        fresh.write_bytes(text.encode() if isinstance(text, str) else text)
        fresh.rename(self.path / name)

    def watch(self) -> Watch:
        settings = WatchSettings(self.path, self.choices, self.state, 0.0, 0.01)
        return Watch(settings, self.intake, "here")

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        running = asyncio.create_task(self.watch().run(stop))
        try:
            yield
        finally:
            stop.set()
            await running

    async def report(self, place: str) -> dict[str, Any]:
        """Of a file, once it is in its place and its checkpoint is gone."""
        async with asyncio.timeout(PATIENCE_S):
            while not (self.path / place).exists() or any(self.state.glob("*.json")):
                await asyncio.sleep(0.01)
        report: dict[str, Any] = json.loads((self.path / f"{place}.report.json").read_text())
        return report


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


async def test_a_file_is_done_and_its_report_adds_up(folder: Folder) -> None:
    folder.put("a.csv", HEADER + rows(5) + rows(2, "bad", 15))
    async with folder.watched():
        report = await folder.report("done/a.csv")
    assert (report["status"], report["rows"]) == ("done", 7)
    assert (report["accepted"], report["duplicates"], report["refused"]) == (5, 0, 2)
    assert [(r["row"], r["message"]) for r in report["refusals"]] == [
        (7, "product is bad"), (8, "product is bad"),
    ]  # fmt: skip
    assert report["seconds"] >= 0
    assert report["summary"].startswith("7 rows: 5 events accepted, 0 there before, 2 refused")
    assert list(folder.state.iterdir()) == []


async def test_what_cannot_be_read_is_rejected_and_stops_no_other(folder: Folder) -> None:
    folder.put("a.csv", "")
    folder.put("b.csv", b"\xff\xfe\x00")
    folder.put("c.csv.gz", b"\x1f\x8b\x08\x00")
    folder.put("d.csv", "one,two\n1,2\n")
    folder.put("e.xlsx", "PK")
    folder.put("f.csv", HEADER + rows(3, "bad"))
    folder.put("g.csv", HEADER + rows(3))
    said = {"a.csv": "is empty", "b.csv": "is not utf-8", "c.csv.gz": "cut short",
            "d.csv": "has no column", "e.xlsx": "says no format",
            "f.csv": "every event of it was refused"}  # fmt: skip
    async with folder.watched():
        for name, why in said.items():
            report = await folder.report(f"rejected/{name}")
            assert report["status"] == "rejected" and why in report["error"], report
        assert (await folder.report("done/g.csv"))["accepted"] == 3


async def test_the_same_content_again_counts_nothing_and_says_so(folder: Folder) -> None:
    for name in ("a.csv", "b.csv"):
        folder.put(name, HEADER + rows(4))
        async with folder.watched():
            report = await folder.report(f"done/{name}")
    assert (report["accepted"], report["duplicates"]) == (0, 4)
    assert report["same_content_as"] == "a.csv"
    assert "the same content as a.csv, which counts once" in report["summary"]


async def test_a_name_that_is_taken_gets_a_number(folder: Folder) -> None:
    async with folder.watched():
        folder.put("a.csv", HEADER + rows(4))
        await folder.report("done/a.csv")
        folder.put("a.csv", HEADER + rows(4, hour=15))
        assert (await folder.report("done/a-2.csv"))["accepted"] == 4
    assert (folder.path / "done/a.csv").read_text() == HEADER + rows(4)


async def test_names_choose_their_mapping(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "mes-*.csv")
    folder.put("MES-1.csv", HEADER + rows(4))
    folder.put("qa-1.csv", HEADER + rows(4))
    async with folder.watched():
        await folder.report("done/MES-1.csv")
        report = await folder.report("rejected/qa-1.csv")
    assert "no mapping is for; there are some for: mes-*.csv" in report["error"]


def test_the_first_pattern_that_fits_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    choices = tuple(map(read_choice, [f"mes-*={file}", f"mes-?={file}", str(file)]))
    found = [chosen(choices, name) for name in ("mes-1.csv", "x.csv")]
    assert [choice and choice.pattern for choice in found] == ["mes-*", "*"]


async def test_stopped_in_the_middle_it_goes_on_from_there(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    folder.put("a.csv", HEADER + rows(50))
    stop, taken = asyncio.Event(), folder.intake.accept

    async def accept(raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        if len(folder.intake.taken) == 20:
            stop.set()
        return await taken(raws, sender)

    monkeypatch.setattr(folder.intake, "accept", accept)
    await folder.watch().run(stop)
    assert len(folder.intake.taken) == 30
    monkeypatch.undo()
    async with folder.watched():
        report = await folder.report("done/a.csv")
    assert (report["resumed_at"], report["accepted"], report["duplicates"]) == (30, 50, 0)


def failing_once(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, error: OSError) -> None:
    """The first call fails, the others do what they always do."""
    whole: Callable[..., Any] = getattr(where, name)
    failures = [error]

    def call(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return whole(*arguments)

    monkeypatch.setattr(where, name, call)


async def test_what_cannot_be_put_aside_is_not_sent_again(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("a.csv", HEADER + rows(4))
    failing_once(monkeypatch, Watch, "_put", PermissionError(errno.EPERM, "no", "/x/file"))
    async with folder.watched():
        report = await folder.report("done/a.csv")
    assert (report["accepted"], report["duplicates"], report["resumed_at"]) == (4, 0, 4)
    assert folder.intake.batches == [4]


@pytest.mark.parametrize(
    ("where", "name", "number", "said"),
    [
        (Checkpoint, "save", errno.ENOSPC, "no room is left for /x/file: make room on its disk"),
        (watch, "survey", errno.EACCES, "is not for the user"),
        (watch, "survey", errno.ESTALE, "Stale file handle"),
    ],
)
async def test_a_fault_of_the_disk_is_said_and_tried_again(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: Any,
    name: str,
    number: int,
    said: str,
) -> None:
    folder.put("a.csv", HEADER + rows(4))
    folder.put("b.csv", HEADER + rows(4, hour=15))
    failing_once(monkeypatch, where, name, OSError(number, os.strerror(number), "/x/file"))
    async with folder.watched():
        first, second = await folder.report("done/a.csv"), await folder.report("done/b.csv")
    assert (first["refused"], second["accepted"]) == (0, 4)
    assert first["accepted"] + first["duplicates"] == 4
    assert said in caplog.text and "trying again in 1 s" in caplog.text


async def test_a_file_that_vanishes_or_fails_stops_no_other(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = survey

    def surveyed(path: Path, mapping: Any, name: str) -> Any:
        if name == "gone.csv":
            (folder.path / name).unlink()
        if name == "odd.csv":
            raise RuntimeError("never seen before")
        return whole(path, mapping, name)

    monkeypatch.setattr(watch, "survey", surveyed)
    for name in ("gone.csv", "odd.csv", "z.csv"):
        folder.put(name, HEADER + rows(4))
    with caplog.at_level("INFO"):
        async with folder.watched():
            assert (await folder.report("done/z.csv"))["accepted"] == 4
    assert "gone.csv: is gone from the folder; what was imported of it counts" in caplog.text
    assert "never seen before" in caplog.text
    assert (folder.path / "odd.csv").exists()


async def test_a_file_that_is_written_to_while_it_is_read_is_read_again(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("a.csv", HEADER + rows(4))
    taken, path = folder.intake.accept, folder.path / "a.csv"

    async def accept(raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        if not folder.intake.taken:
            with path.open("a") as file:
                file.write(rows(3, hour=15))
        return await taken(raws, sender)

    monkeypatch.setattr(folder.intake, "accept", accept)
    async with folder.watched():
        report = await folder.report("done/a.csv")
    assert len(folder.intake.taken) == 7
    assert report["rows"] == 7 and report["accepted"] + report["duplicates"] == 7


async def test_an_intake_that_is_away_is_waited_for(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.intake.failures = [Unavailable("Postgres is away", 0)]
    folder.put("a.csv", HEADER + rows(4))
    async with folder.watched():
        assert (await folder.report("done/a.csv"))["accepted"] == 4
    assert "a.csv: Postgres is away; trying again in 1 s" in caplog.text
