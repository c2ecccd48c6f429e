"""The rows of a Parquet file, by polars: imported only where one is read, for it loads slowly."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from copq.ingest.files.cells import EXACT, EXACT_SINGLE, TypedText, flag_text, number_text, unfit
from copq.ingest.files.faults import FileError, RowFault
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.parquet_size import check_size
from copq.ingest.files.rows import BrokenRow, Row, Rows, check_columns
from copq.text.strict_csv import MAX_COLUMNS

_AT_ONCE = 20_000
_BUFFERED = 100
"""Of these, rows that are values of Python at once."""
_MOST_BYTES = csv.field_size_limit()
"""Of one text, as in a CSV file."""


def parquet_rows(path: Path, mapping: Mapping) -> Rows:
    """As `read_rows`."""
    check_size(path, mapping.columns)
    with _readable():
        scan = pl.scan_parquet(path, glob=False)
        kinds = scan.collect_schema()
        if len(kinds) > MAX_COLUMNS:
            raise FileError(f"has {len(kinds):,} columns; {MAX_COLUMNS:,} at most")
        check_columns(mapping.columns, kinds.names())
        singles = {c for c in mapping.columns if kinds[c] == pl.Float32}
        # As text, a single-precision number has the digits it was written with: 13.7.
        frame = scan.select(_column(c, kinds[c]) for c in mapping.columns)
        for number, record in enumerate(_records(frame), 1):
            yield _row(number, record, singles)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except pl.exceptions.PolarsError as error:
        raise FileError(f"is not a Parquet file that can be read: {error}") from None
    except pl.exceptions.PanicException as error:
        raise FileError(f"is damaged: {error}") from None


def _column(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.Float32:
        return column.cast(pl.String)
    return column.cast(pl.String) if kind in (pl.Categorical, pl.Enum) else column


def _records(frame: pl.LazyFrame) -> Iterator[dict[str, Any]]:
    """The rows as values by column, read some thousands at a time."""
    rows = int(frame.select(pl.len()).collect().item())
    for start in range(0, rows, _AT_ONCE):
        part = frame.slice(start, _AT_ONCE).collect()
        _check_texts(part, start)
        yield from part.iter_rows(named=True, buffer_size=_BUFFERED)


def _check_texts(part: pl.DataFrame, start: int) -> None:
    """Rows share one text in the file; as values each has its own."""
    for name, kind in part.schema.items():
        if kind not in (pl.String, pl.Binary):
            continue
        sizes = part[name].str.len_bytes() if kind == pl.String else part[name].bin.size()
        longest = sizes.arg_max()
        if longest is not None and sizes[longest] > _MOST_BYTES:
            row = start + longest + 1
            raise FileError(
                f"holds a text of more than {_MOST_BYTES:,} bytes in column {name}, row {row:,}"
            )


def _row(number: int, record: dict[str, Any], singles: set[str]) -> Row | BrokenRow:
    try:
        return Row(number, {c: _cell(c, value, c in singles) for c, value in record.items()})
    except RowFault as fault:
        return BrokenRow(number, fault.message, fault.field)


def _cell(column: str, value: Any, is_single: bool) -> str:
    """A value as it would stand in a CSV file. Raises `RowFault`."""
    if value is None:
        return ""
    if is_single:
        return number_text(column, Decimal(value), EXACT_SINGLE)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return flag_text(value)
    if isinstance(value, int):
        return TypedText(value)
    if isinstance(value, float):
        return number_text(column, Decimal(repr(value)), EXACT)
    if isinstance(value, Decimal):
        return number_text(column, value)
    if isinstance(value, datetime | date | time):
        return TypedText(value.isoformat())
    return _other(column, value)


def _other(column: str, value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode().strip()
        except UnicodeDecodeError:
            raise unfit(column, "bytes that are not text in UTF-8") from None
    raise unfit(column, f"a value of the kind {type(value).__name__}")
