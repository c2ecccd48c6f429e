"""What is made to fill the memory is refused while it is small."""

import gzip
import tracemalloc
from pathlib import Path

import polars as pl
import pytest

from copq.ingest.files import opening, parquet_size
from copq.ingest.files.faults import FileError
from copq.ingest.files.survey import survey
from tests.support.ingest.files.converting import small

HEADER = b"at,press,item,step,scrap\n"
LINE = b"2026-01-31 14:05,P4,A,s,3\n"
MIB = 1 << 20
TEXTS = {"at": "2026-01-31 14:05", "press": "P", "item": "A", "step": "s"}


def refused(path: Path) -> str:
    """Why the file is refused; a few blocks of it are in memory at most."""
    tracemalloc.start()
    try:
        with pytest.raises(FileError) as caught:
            survey(path, small())
        assert tracemalloc.get_traced_memory()[1] < 24 * MIB
    finally:
        tracemalloc.stop()
    return str(caught.value)


HOSTILE = {
    "a header without an end": (b"a," * (20 * MIB), "longer than 1,048,576 characters"),
    "a line without an end": (HEADER + b"a," * (20 * MIB), "longer than 1,048,576 characters"),
    "a row without an end": (HEADER + b'"a\n",' * (MIB // 2), "longer than 1,048,576 characters"),
    "a cell without an end": (HEADER + b'"' + b"a" * 200_000, "longer than 131,072 characters"),
    "columns without an end": (b"a," * 100_000 + b"\n", "has 100,001 columns; 16,384 at most"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_csv_is_read_in_bounded_memory(tmp_path: Path, name: str) -> None:
    content, why = HOSTILE[name]
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(content, 1))
    assert path.stat().st_size < 400_000
    assert why in refused(path)


def test_ndjson_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b'{"at": "' + b"a" * (20 * MIB), 1))
    assert "longer than 1,048,576 characters" in refused(path)
    names = b",".join(b'"c%d": 1' % n for n in range(20_000))
    (tmp_path / "b.ndjson").write_bytes(b"{" + names + b"}\n")
    assert "has more than 16,384 columns" in refused(tmp_path / "b.ndjson")


def test_gzip_that_unpacks_without_an_end_is_refused_and_a_plain_log_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_UNPACKED", MIB)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(HEADER + LINE * 200_000))
    assert "unpacks to more than 200 times its size" in refused(path)
    times = b"".join(LINE.replace(b"14:05", b"%02d:%02d" % divmod(n, 60)) for n in range(1_440))
    path.write_bytes(gzip.compress(HEADER + times * 28))
    assert survey(path, small()).rows == 1_440 * 28


def parquet(path: Path, rows: int = 1, **texts: str) -> Path:
    columns = [pl.repeat(text, rows).alias(name) for name, text in (TEXTS | texts).items()]
    pl.select(*columns, pl.repeat(3, rows).alias("scrap")).write_parquet(path)
    return path


def test_parquet_that_unpacks_without_an_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path / "a.parquet", 200_000)
    monkeypatch.setattr(parquet_size, "_ROWS", 1_000)
    assert "claims 200,000 rows in " in refused(path)
    long = parquet(tmp_path / "b.parquet", press="x" * (4 * MIB))
    monkeypatch.setattr(parquet_size, "_UNPACKED", MIB)
    assert "unpacks to more than 200 times its size" in refused(long)
    monkeypatch.setattr(parquet_size, "_PAGE", MIB)
    assert "a page that unpacks to more than 1 MiB" in refused(long)


def test_text_of_parquet_is_bounded_like_a_cell_of_csv(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", 5, press="x" * 200_000)
    assert "a text of more than 131,072 bytes in column press, row 1" in refused(path)


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", 5)
    data = path.read_bytes()
    for cut in (0, 4, 40, len(data) - 9):
        path.write_bytes(data[:cut] + b"PAR1")
        with pytest.raises(FileError):
            survey(path, small())
    for at in range(8, len(data) - 8, 61):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            survey(path, small())
        except FileError:
            continue
