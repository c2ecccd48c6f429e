"""Files of every format, whole and damaged."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from copq.ingest.files.convert import Converted, Converter
from copq.ingest.files.faults import FileError
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.rows import AnyRow, BrokenRow, Row, read_rows
from copq.ingest.files.survey import survey
from tests.support.ingest.files.converting import bottling, small
from tests.support.ingest.files.plant import LOG, log, write

HEADER = "at,press,item,step,scrap\n"
LINE = "2026-01-31 14:05,P4,A,s,3\n"


def rows_of(path: Path, mapping: Mapping) -> list[AnyRow]:
    return list(read_rows(path, survey(path, mapping).format, mapping))


def fault_of(path: Path, mapping: Mapping | None = None) -> str:
    with pytest.raises(FileError) as caught:
        rows_of(path, mapping or small())
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


def _events(path: Path) -> list[bytes]:
    found = Converter(bottling()).events(rows_of(path, bottling()))
    return [item.raw for item in found if isinstance(item, Converted)]


def test_ndjson_and_parquet_give_the_events_of_the_csv(tmp_path: Path) -> None:
    rows = log()[:3_000]
    expected = _events(write(tmp_path / "log.csv", rows, rows[0]))
    for frame, name in ((pl.DataFrame(rows), "text"), (_typed(tmp_path / "log.csv"), "typed")):
        frame.write_parquet(tmp_path / f"{name}.parquet")
        frame.write_ndjson(tmp_path / f"{name}.ndjson")
    packed = tmp_path / "text.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "text.ndjson").read_bytes()))
    assert len(expected) > 4_000
    assert _events(packed) == expected
    for name in ("text.ndjson", "text.parquet", "typed.ndjson", "typed.parquet"):
        assert _events(tmp_path / name) == expected, name


def _typed(path: Path) -> pl.DataFrame:
    """Numbers as numbers, what is empty as null; times stay the text that ids are made of."""
    return pl.read_csv(path)


def test_times_of_parquet_are_written_as_in_a_csv(tmp_path: Path) -> None:
    frame = pl.read_csv(LOG.read_bytes(), n_rows=50, try_parse_dates=True)
    assert frame.schema["Timestamp"] == pl.Datetime
    frame.write_parquet(tmp_path / "log.parquet")
    plain = log()[:50]
    assert _events(tmp_path / "log.parquet") == _events(
        write(tmp_path / "log.csv", plain, plain[0])
    )


def test_ndjson_keeps_numbers_as_they_are_written(tmp_path: Path) -> None:
    line = {"at": "2026-01-31 14:05", "press": None, "item": True, "step": 7, "scrap": 0}
    text = json.dumps(line).replace('"scrap": 0', '"scrap": 0.10000000000000000001')
    file = tmp_path / "log.ndjson"
    file.write_text(text + "\n\n[]\n{")
    first, *broken = rows_of(file, small())
    assert isinstance(first, Row)
    assert first.values == {
        "at": "2026-01-31 14:05", "press": "", "item": "true", "step": "7",
        "scrap": "0.10000000000000000001",
    }  # fmt: skip
    assert [row.number for row in broken] == [3, 4]
    messages = [row.message for row in broken if isinstance(row, BrokenRow)]
    assert [m.startswith("is not a JSON object") for m in messages] == [True, True]


def test_row_numbers_are_those_of_the_lines(file: Path) -> None:
    file.write_text(HEADER + LINE + "\n" + '"a\nb",P4,A,s,3\n' + LINE)
    assert [row.number for row in rows_of(file, small())] == [2, 5, 6]


def test_row_with_too_few_cells_is_broken_and_the_others_are_not(file: Path) -> None:
    file.write_text(HEADER + "2026,P4\n" + LINE)
    broken, row = rows_of(file, small())
    assert broken == BrokenRow(2, "has 2 cells, the header has 5")
    assert isinstance(row, Row)


def test_delimiter_encoding_and_byte_order_mark(file: Path) -> None:
    file.write_bytes((HEADER + "x,Präge,A,s,3\n").replace(",", ";").encode("cp1252"))
    layout = "file: {encoding: cp1252, delimiter: ;}\nname: mill"
    (row,) = rows_of(file, small(**{"name: mill": layout}))
    assert isinstance(row, Row) and row.values["press"] == "Präge"
    file.write_bytes((HEADER + LINE).encode("utf-8-sig"))
    assert len(rows_of(file, small())) == 1


def test_missing_column_is_named_with_the_nearest(file: Path) -> None:
    file.write_text(HEADER.replace("press", "presse").replace("scrap", "loss") + LINE)
    assert fault_of(file) == (
        'has no column "press"; did you mean "presse"?, "scrap". '
        "Its columns: at, presse, item, step, loss"
    )


def test_missing_column_of_ndjson_and_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame({"at": ["x"], "press": ["x"], "item": ["x"], "step": ["x"]})
    frame.write_ndjson(tmp_path / "log.ndjson")
    frame.write_parquet(tmp_path / "log.parquet")
    for name in ("log.ndjson", "log.parquet"):
        assert fault_of(tmp_path / name).startswith('has no column "scrap"')


def test_column_that_is_there_twice(file: Path) -> None:
    file.write_text("press," + HEADER)
    assert fault_of(file) == "has more than one column press"


def test_empty_files(tmp_path: Path, file: Path) -> None:
    file.write_text("")
    assert fault_of(file) == "is empty"
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(b""))
    assert fault_of(packed) == "is empty"
    file.write_text(HEADER)
    assert rows_of(file, small()) == []


def test_wrong_encoding_names_line_and_byte(file: Path) -> None:
    file.write_bytes((HEADER + LINE + "x,Präge,A,s,3\n").encode("cp1252"))
    assert fault_of(file).startswith("is not utf-8: line 3 holds byte 0xe4; set file.encoding")


def test_truncated_and_damaged_gzip_are_refused_before_a_row_is_read(tmp_path: Path) -> None:
    whole, packed = LOG.read_bytes(), tmp_path / "log.csv.gz"
    packed.write_bytes(whole[: len(whole) // 2])
    assert fault_of(packed, bottling()).startswith("is cut short: its gzip data ends after line ")
    packed.write_bytes(whole[:4_000] + b"\x00" * 64 + whole[4_064:])
    assert "is damaged" in fault_of(packed, bottling())


def test_what_is_no_parquet_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "log.parquet"
    file.write_text(HEADER)
    assert fault_of(file).startswith("is not a Parquet file that can be read")


def test_name_that_says_no_format(tmp_path: Path) -> None:
    file = tmp_path / "log.xlsx"
    file.write_text("x")
    assert fault_of(file) == (
        'has a name that says no format ("log.xlsx"); set file.format in the mapping to csv, '
        "ndjson or parquet"
    )
    file.write_text(HEADER + LINE)
    assert len(rows_of(file, small(**{"name: mill": "file: {format: csv}\nname: mill"}))) == 1
