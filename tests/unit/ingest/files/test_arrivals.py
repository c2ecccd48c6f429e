"""When a file in a watched folder is complete. The test says what time it is."""

import os
from pathlib import Path

import pytest

from copq.ingest.files.arrivals import Arrivals

SETTLE = 5.0


@pytest.fixture
def arrivals(tmp_path: Path) -> Arrivals:
    return Arrivals(tmp_path, SETTLE, ["mapping.yaml"])


def put(folder: Path, name: str, text: str = "x", changed: int | None = None) -> None:
    (folder / name).write_text(text)
    if changed is not None:
        os.utime(folder / name, (changed, changed))


def names(arrivals: Arrivals, now: float) -> list[str]:
    return [path.name for path in arrivals.complete(now)]


def test_a_file_is_complete_once_it_stays_as_it_is(arrivals: Arrivals, tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    assert names(arrivals, 0) == []
    assert names(arrivals, 4.9) == []
    assert names(arrivals, 5) == ["a.csv"]


@pytest.mark.parametrize("text", ["xy", "y"])
def test_what_is_written_to_waits_again(arrivals: Arrivals, tmp_path: Path, text: str) -> None:
    put(tmp_path, "a.csv", "x", changed=100)
    names(arrivals, 0)
    put(tmp_path, "a.csv", text, changed=101)
    assert names(arrivals, 5) == []
    assert names(arrivals, 10) == ["a.csv"]


def test_another_file_under_the_same_name_waits_too(arrivals: Arrivals, tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "x", changed=100)
    names(arrivals, 0)
    put(tmp_path, "b.part", "y", changed=100)
    (tmp_path / "b.part").replace(tmp_path / "a.csv")
    assert names(arrivals, 5) == []


def test_the_oldest_comes_first(arrivals: Arrivals, tmp_path: Path) -> None:
    for name, changed in (("b.csv", 300), ("a.csv", 200), ("c.csv", 100)):
        put(tmp_path, name, changed=changed)
    names(arrivals, 0)
    assert names(arrivals, 5) == ["c.csv", "a.csv", "b.csv"]


def test_what_is_unfinished_hidden_a_mapping_or_no_file_is_left_alone(
    arrivals: Arrivals, tmp_path: Path
) -> None:
    for name in (".a.csv", "a.csv.part", "a.TMP", "a.csv.filepart", "mapping.yaml"):
        put(tmp_path, name)
    (tmp_path / "done").mkdir()
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    names(arrivals, 0)
    assert names(arrivals, 5) == []
