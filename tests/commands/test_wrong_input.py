"""What a stranger gives a command by mistake is answered in a sentence that says what is wrong."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from copq.command import app

MAPPING = str(Path(__file__).parents[2] / "examples/bottling_plant/mapping.yaml")
FILES = {
    "empty.yaml": b"", "list.yaml": b"- 1\n", "words.yaml": b"hello\n", "bytes.yaml": b"a: \xff\n",
    "number.yaml": b"plants: 3\n", "empty.csv": b"", "bytes.csv.gz": b"\x00\xff" * 99,
    "bytes.parquet": b"\x00\xff" * 99, "there.dump": b"x",
}  # fmt: skip
NAMES = 'has no names with values ("name: value")'
WRONG = {
    "rates import folder": "folder is refused; nothing was imported: - has no .csv file in it",
    "rates import list.yaml": NAMES,
    "rates import words.yaml": NAMES,
    "rates import empty.yaml": "is empty: a rate file has plants",
    "rates import bytes.yaml": "is not UTF-8: byte 3 is no text; save it as UTF-8",
    "rates import number.yaml": "plants: is no list: begin each item with a dash",
    "targets import bytes.yaml": "is not UTF-8: byte 3 is no text; save it as UTF-8",
    "targets import folder": "cannot read folder: Is a directory",
    "targets set NaN": '"NaN" is no figure: write 3% or 0.03, 40000, or none',
    "targets set 1e999999%": '"1e999999" is no figure',
    "targets set sNaN%": "is no figure",
    "targets budget Infinity --plant north": '"Infinity" is no figure',
    "import empty.csv --mapping list.yaml": NAMES,
    f"import folder --mapping {MAPPING}": "cannot use folder: Is a directory",
    f"import empty.csv --mapping {MAPPING}": "empty.csv is empty",
    f"import bytes.csv.gz --mapping {MAPPING}": "bytes.csv.gz",
    f"import bytes.parquet --mapping {MAPPING}": "bytes.parquet",
    "mqtt check list.yaml": NAMES,
    "mqtt check folder": "cannot read folder: Is a directory",
    "watch empty.csv --mapping *.csv=list.yaml": "empty.csv is no folder: make it first",
    "restore folder": "cannot read folder: Is a directory",
    "restore gone.dump": "cannot read gone.dump: No such file or directory",
    "backup there.dump": "is there already; a backup replaces none",
    "backup gone/new.dump": "cannot write gone/new.dump: there is no folder gone",
    "audit verify --file empty.csv": "empty.csv has no row of an audit trail",
    "audit verify --file bytes.parquet": "line 1 is no row of an audit trail",
    "audit export --output folder": "cannot write folder: Is a directory",
    "entries --event NOSUCH": 'nothing is kept of "NOSUCH"; see: copq entries, copq rejected list',
    "report --plant nosuch": 'plant "nosuch" is not in the rate book',
    "periods show nosuch 2026-13": "nosuch",
    "tokens revoke nosuch": 'there is no token "nosuch"; see: copq tokens list --all',
    "rates show 99": "there is no rate document 99. See: copq rates documents",
    "rejected show 99": "there is no refused event 99; see: copq rejected list --all",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_mistake_is_answered(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    done = CliRunner().invoke(app, words.split(), env={"COLUMNS": "200"})
    said = " ".join(done.output.split())
    assert done.exit_code == 2 and WRONG[words] in said, said
    assert not any(of_python in said for of_python in ("Errno", "codec", "Traceback", "Decimal"))
