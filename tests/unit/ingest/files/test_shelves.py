"""Files put aside: nothing is overwritten, and what was cut off is done again."""

import json
from pathlib import Path
from typing import Any

import pytest

from copq.ingest.files.arrived import Arrived
from copq.ingest.files.shelves import InUse, Shelves


def put(folder: Path, shelves: Shelves, name: str, key: str, text: str = "x") -> str:
    (folder / name).write_text(text)
    with Arrived(folder, name) as file:
        place = shelves.put(file, "done", report(key))
    assert place is not None
    return place


def report(key: str) -> dict[str, Any]:
    return {"summary": "all well", "import_key": key}


def test_a_report_lies_beside_the_file(tmp_path: Path) -> None:
    assert put(tmp_path, Shelves(tmp_path), "a.csv", "k") == "done/a.csv"
    assert (tmp_path / "done/a.csv").read_text() == "x"
    assert json.loads((tmp_path / "done/a.csv.report.json").read_text()) == report("k")


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path)
    places = [put(tmp_path, shelves, "a.csv.gz", f"k{n}", f"{n}") for n in range(3)]
    assert places == ["done/a.csv.gz", "done/a-2.csv.gz", "done/a-3.csv.gz"]
    assert [(tmp_path / place).read_text() for place in places] == ["0", "1", "2"]


def test_a_report_whose_file_was_taken_away_is_kept(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path)
    put(tmp_path, shelves, "a.csv", "k1")
    (tmp_path / "done/a.csv").unlink()
    assert put(tmp_path, shelves, "a.csv", "k2") == "done/a-2.csv"


def test_cut_off_before_the_move_it_is_done_again(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path)
    (tmp_path / "done/a.csv.report.json").write_text(json.dumps(report("k")))
    assert put(tmp_path, shelves, "a.csv", "k") == "done/a.csv"


def test_what_lies_in_done_is_known_after_a_restart(tmp_path: Path) -> None:
    first = Shelves(tmp_path)
    put(tmp_path, first, "a.csv", "k")
    (tmp_path / "done/b.csv.report.json").write_text(json.dumps(report("k2")))
    (tmp_path / "done/c.csv.report.json").write_text("no report")
    (tmp_path / "done/c.csv").write_text("c")
    first.close()
    again = Shelves(tmp_path)
    assert (again.imported_file("k"), again.imported_file("k2"), again.imported_file("")) == (
        "a.csv",
        None,
        None,
    )


def test_a_folder_is_watched_once(tmp_path: Path) -> None:
    first = Shelves(tmp_path)
    with pytest.raises(InUse, match="another copq watches"):
        Shelves(tmp_path)
    first.close()
    Shelves(tmp_path).close()
