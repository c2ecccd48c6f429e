"""Who may write to a watched folder swaps a file while it is taken: for a link, or another file."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from copq.access.sender import ANYONE, Sender
from copq.ingest.files import watch
from copq.ingest.files.arrived import Arrived
from copq.ingest.files.checkpoint import Checkpoint, Tally
from copq.ingest.files.shelves import Shelves
from copq.ingest.intake import Answer
from copq.process.regular_file import NotRegular, open_regular, read_regular
from tests.support.patience import PATIENCE_S
from tests.unit.ingest.files.test_bounds import parquet
from tests.unit.ingest.files.test_watch import HEADER, Folder, rows

SECRET = HEADER + rows(9, "secret", 16)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "secret.csv").write_text(SECRET)
    return Folder(tmp_path)


def replace(folder: Folder, name: str, text: str) -> None:
    folder.put(name, text)


def link(folder: Folder, name: str) -> None:
    (folder.path / f"{name}.part").symlink_to(folder.path.parent / "secret.csv")
    (folder.path / f"{name}.part").replace(folder.path / name)


def read(folder: Folder) -> bytes:
    return b"".join(folder.intake.taken)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not happened():
            await asyncio.sleep(0.01)


@contextmanager
def hook(where: Any, name: str, before: Callable[[], object]) -> Iterator[None]:
    """`before` runs once, right before the first call of a function."""
    whole, waiting = getattr(where, name), [before]

    def call(*arguments: Any, **named: Any) -> Any:
        if waiting:
            waiting.pop()()
        return whole(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, name, call)
        yield


STEPS = [(watch, "Arrived"), (watch, "survey"), (watch, "carry_on"), (Shelves, "put")]


@pytest.mark.parametrize(("where", "step"), STEPS, ids=[step for _, step in STEPS])
async def test_a_link_in_the_place_of_a_file_is_never_read(
    folder: Folder, where: Any, step: str
) -> None:
    folder.put("a.csv", HEADER + rows(3))
    with hook(where, step, lambda: link(folder, "a.csv")):
        async with folder.watched():
            folder.put("b.csv", HEADER + rows(2, hour=15))
            assert (await folder.report("done/b.csv"))["accepted"] == 2
    assert b"secret" not in read(folder)
    assert (folder.path / "a.csv").is_symlink() and not (folder.path / "done/a.csv").exists()
    assert (folder.path.parent / "secret.csv").read_text() == SECRET


@pytest.mark.parametrize(("where", "step"), STEPS, ids=[step for _, step in STEPS])
async def test_a_file_in_the_place_of_another_is_imported_too(
    folder: Folder, where: Any, step: str
) -> None:
    folder.put("a.csv", HEADER + rows(3))
    with hook(where, step, lambda: replace(folder, "a.csv", HEADER + rows(4, hour=15))):
        async with folder.watched():
            report = await folder.report("done/a.csv")
    assert report["rows"] == 4 and report["accepted"] == 4
    assert (folder.path / "done/a.csv").read_text() == HEADER + rows(4, hour=15)
    assert not (folder.path / "done/a-2.csv").exists()


async def test_parquet_is_read_of_the_file_that_was_opened(folder: Folder, tmp_path: Path) -> None:
    for name, press in (("a", "P4"), ("b", "secret")):
        parquet(tmp_path / f"{name}.parquet", press=press)
    (tmp_path / "a.parquet").rename(folder.path / "a.parquet")
    swap = partial((tmp_path / "b.parquet").replace, folder.path / "a.parquet")
    with hook(watch, "carry_on", swap):
        async with folder.watched():
            await until(lambda: len(folder.intake.taken) > 0)
            assert b"secret" not in read(folder)


def test_a_file_that_is_swapped_in_the_last_moment_is_put_back(folder: Folder) -> None:
    folder.put("a.csv", HEADER + rows(3))
    shelves = Shelves(folder.path)
    with (
        Arrived(folder.path, "a.csv") as file,
        hook(os, "rename", lambda: replace(folder, "a.csv", "the next one")),
    ):
        assert shelves.put(file, "done", {"import_key": "k"}) is None
    assert (folder.path / "a.csv").read_text() == "the next one"
    assert list((folder.path / "done").iterdir()) == []
    shelves.close()


async def test_a_shelf_that_is_swapped_for_a_link_gets_nothing(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    (elsewhere := folder.path.parent / "elsewhere").mkdir()

    def swap() -> None:
        (folder.path / "done").rmdir()
        (folder.path / "done").symlink_to(elsewhere)

    folder.put("a.csv", HEADER + rows(3))
    folder.put("b.xlsx", "PK")
    with hook(Shelves, "put", swap):
        async with folder.watched():
            await until((folder.path / "rejected/b.xlsx").exists)
    assert list(elsewhere.iterdir()) == [] and (folder.path / "a.csv").exists()
    assert "a.csv: done: is not a folder, or is a symbolic link" in caplog.text


async def test_a_shelf_that_was_tidied_away_is_made_again(folder: Folder) -> None:
    folder.put("a.csv", HEADER + rows(3))
    with hook(Shelves, "put", lambda: (folder.path / "done").rmdir()):
        async with folder.watched():
            assert (await folder.report("done/a.csv"))["accepted"] == 3


async def test_a_file_that_is_taken_away_while_it_is_read_is_imported_once(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.put("a.csv", HEADER + rows(3))
    taken = folder.intake.accept

    async def accept(raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        (folder.path / "a.csv").unlink(missing_ok=True)
        return await taken(raws, sender)

    folder.intake.accept = accept  # type: ignore[method-assign]
    with caplog.at_level("INFO"):
        async with folder.watched():
            await until(lambda: "a.csv: is gone from the folder" in caplog.text)
    assert len(folder.intake.taken) == 3 and folder.intake.batches == [3]


def test_one_thread_swaps_while_another_opens(folder: Folder) -> None:
    """Nothing but the two plain files is ever read, whatever the moment."""
    mine, secret, over = HEADER + rows(1), folder.path.parent / "secret.csv", threading.Event()

    def swap() -> None:
        while not over.is_set():
            folder.put("a.csv", mine)
            link(folder, "a.csv")
            (folder.path / "a.csv").unlink()
            os.mkfifo(folder.path / "a.csv")

    folder.put("a.csv", mine)
    swapping = threading.Thread(target=swap)
    swapping.start()
    contents = set()
    try:
        for _ in range(5_000):
            with suppress(NotRegular, FileNotFoundError), Arrived(folder.path, "a.csv") as file:
                contents.add(file.content.read_text())
    finally:
        over.set()
        swapping.join()
    assert contents == {mine} and secret.read_text() == SECRET


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder", "socket"])
def test_only_plain_files_are_opened_and_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        os.mknod(path, 0o140600)
    else:
        (tmp_path / "b").write_text("x") if kind == "link" else None
        path.symlink_to(tmp_path / "b")
    with pytest.raises(NotRegular, match="is not a plain file"):
        open_regular(path)


def test_a_checkpoint_and_a_report_that_are_none_are_not_read(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, "k" * 32)
    os.mkfifo(tmp_path / f"import-{'k' * 32}.json")
    assert checkpoint.load() == Tally()
    checkpoint.save(Tally(done=3))
    assert checkpoint.load().done == 3
    (done := tmp_path / "in" / "done").mkdir(parents=True)
    (done / "a.csv").touch()
    os.mkfifo(done / "a.csv.report.json")
    (done / "b.csv").touch()
    (done / "b.csv.report.json").write_bytes(b'{"import_key": "k"' + b" " * (17 << 20) + b"}")
    shelves = Shelves(tmp_path / "in")
    assert shelves.imported_file("k") is None
    shelves.close()
    with pytest.raises(OSError, match="is longer than 3 bytes"):
        read_regular(tmp_path / f"import-{'k' * 32}.json", 3)
