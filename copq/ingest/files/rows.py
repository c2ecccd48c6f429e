"""The rows of a file, one after the other: cells as text, whatever the format."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from copq.ingest.files.cells import quote_cell
from copq.ingest.files.faults import FileError
from copq.ingest.files.mapping import Format, Mapping
from copq.schemas.refusal import nearest

_NAMED = 20
"""Columns that a message lists, and columns among which it looks for the nearest name."""
_COMPARED = 1_000


class Row(NamedTuple):
    """`number` is the line a reader of the file sees, a header being line 1."""

    number: int
    values: dict[str, str]


class BrokenRow(NamedTuple):
    """A row that cannot be read; `message` says why, `field` in which column."""

    number: int
    message: str
    field: str = ""


class RepeatedHeader(NamedTuple):
    """The header once more, as where files are put together."""

    number: int


AnyRow = Row | BrokenRow | RepeatedHeader
Rows = Iterator[AnyRow]


def read_rows(path: Path, form: Format, mapping: Mapping) -> Rows:
    """The columns of the mapping, of each row. Raises `FileError` for a column that is missing,
    and wherever it is unsure which rows the file has.

    Only a row at a time is in memory (of Parquet, some thousands).
    """
    return _reader(form)(path, mapping)


def _reader(form: Format) -> Callable[[Path, Mapping], Rows]:
    if form == "parquet":
        from copq.ingest.files.parquet_rows import parquet_rows  # takes a while to load

        return parquet_rows
    from copq.ingest.files.csv_rows import csv_rows
    from copq.ingest.files.ndjson_rows import ndjson_rows

    return csv_rows if form == "csv" else ndjson_rows


def check_columns(wanted: Iterable[str], known: Sequence[str], remedy: str = "") -> None:
    """Raise `FileError` with all the columns that are missing."""
    missing = [column for column in wanted if column not in known]
    if not missing:
        return
    near = known if len(known) <= _COMPARED else ()
    faults = ", ".join(f'"{column}"{nearest(column, near)}' for column in missing)
    raise FileError(f"has no column {faults}. Its columns: {_column_list(known)}{remedy}")


def _column_list(columns: Sequence[str]) -> str:
    if not columns:
        return "none"
    more = f" and {len(columns) - _NAMED:,} more" if len(columns) > _NAMED else ""
    return ", ".join(quote_cell(name).strip('"') for name in islice(columns, _NAMED)) + more
