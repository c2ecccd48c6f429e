"""The rows of a file, one after the other: cells as text, whatever the format."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from schemas.refusal import nearest
from services.ingest.files.faults import FileError
from services.ingest.files.mapping import Format, Mapping
from services.ingest.files.survey import open_text

_SAMPLE = 1_000
"""NDJSON often leaves empty members out: a column is missed if none of these lines has it."""


class Row(NamedTuple):
    """`number` is the line a reader of the file sees, a header being line 1."""

    number: int
    values: dict[str, str]


class BrokenRow(NamedTuple):
    """A line that is no row; `message` says why."""

    number: int
    message: str


Rows = Iterator[Row | BrokenRow]


def read_rows(path: Path, form: Format, mapping: Mapping) -> Rows:
    """The columns of the mapping, of each row. Raises `FileError` for a column that is not there.

    Only a row at a time is in memory (of Parquet, some thousands).
    """
    return _READERS[form](path, mapping)


def check_columns(wanted: Iterable[str], known: Sequence[str]) -> None:
    """Raise `FileError` with all the columns that are not there."""
    missing = [column for column in wanted if column not in known]
    if not missing:
        return
    faults = ", ".join(f'"{column}"{nearest(column, known)}' for column in missing)
    has = ", ".join(known) if known else "none"
    raise FileError(f"has no column {faults}. Its columns: {has}")


def _csv(path: Path, mapping: Mapping) -> Rows:
    with open_text(path, mapping.file.encoding) as text:
        reader = csv.reader(text, delimiter=mapping.file.delimiter)
        try:
            header = [name.strip() for name in next(reader, [])]
            pick = _picker(mapping.columns, header)
            for cells in reader:
                if len(cells) == len(header):
                    yield Row(reader.line_num, pick(cells))
                elif cells:
                    message = f"has {len(cells)} cells, the header has {len(header)}"
                    yield BrokenRow(reader.line_num, message)
        except csv.Error as error:
            raise FileError(f"is no CSV at line {reader.line_num}: {error}") from None


def _picker(columns: tuple[str, ...], header: list[str]) -> Callable[[list[str]], dict[str, str]]:
    check_columns(columns, header)
    twice = [column for column in columns if header.count(column) > 1]
    if twice:
        raise FileError(f"has more than one column {', '.join(twice)}")
    # A second index keeps the answer a tuple where there is one column only.
    pick = itemgetter(*(header.index(column) for column in columns), 0)
    return lambda cells: dict(zip(columns, map(str.strip, pick(cells)), strict=False))


def _ndjson(path: Path, mapping: Mapping) -> Rows:
    with open_text(path, mapping.file.encoding) as text:
        sample = {name for line in islice(text, _SAMPLE) for name in _object(line) or ()}
    check_columns(mapping.columns, sorted(sample))
    with open_text(path, mapping.file.encoding) as text:
        for number, line in enumerate(text, 1):
            members = _object(line)
            if members is None:
                yield BrokenRow(number, "is not a JSON object")
            elif members:
                yield Row(number, {c: cell(members.get(c)) for c in mapping.columns})


def _object(line: str) -> dict[str, Any] | None:
    """The members, numbers as they are written; none of an empty line."""
    if not line.strip():
        return {}
    try:
        found = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def cell(value: Any) -> str:
    """A value as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value).strip()


def _parquet(path: Path, mapping: Mapping) -> Rows:
    from services.ingest.files.parquet import column_names, records

    check_columns(mapping.columns, column_names(path))
    for number, record in enumerate(records(path, mapping.columns), 1):
        yield Row(number, {column: cell(value) for column, value in record.items()})


_READERS: dict[Format, Callable[[Path, Mapping], Rows]] = {
    "csv": _csv, "ndjson": _ndjson, "parquet": _parquet,
}  # fmt: skip
