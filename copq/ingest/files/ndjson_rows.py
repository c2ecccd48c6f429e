"""The rows of a file of JSON objects, one a line."""

import json
import re
from collections import Counter
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from copq.ingest.files.cells import EXACT, TypedText, flag_text, number_text, unfit
from copq.ingest.files.faults import FileError, RowFault
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.opening import open_text
from copq.ingest.files.rows import BrokenRow, Row, Rows, check_columns
from copq.text.strict_csv import MAX_COLUMNS, Lines, NotCsv

_SAMPLE = 1_000
"""NDJSON often leaves empty members out: a column is missing if none of these lines has it."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class _NotAnObject(ValueError):
    pass


class _Float(str):
    """A number with a fraction or an exponent, as it is written."""

    __slots__ = ()


class _NoNumber(str):
    """NaN or an infinity, which are not JSON."""

    __slots__ = ()


def ndjson_rows(path: Path, mapping: Mapping) -> Rows:
    """As `read_rows`. Empty lines are not rows."""
    try:
        check_columns(mapping.columns, _sample(path, mapping))
        with open_text(path, mapping.file.encoding) as text:
            lines = Lines(text)
            for line in lines:
                if line.strip():
                    yield _row(lines.number, line, mapping.columns)
    except NotCsv as error:
        raise FileError(f"is not NDJSON at {error}") from None


def _sample(path: Path, mapping: Mapping) -> list[str]:
    """All names of members at the beginning."""
    names: set[str] = set()
    with open_text(path, mapping.file.encoding) as text:
        for number, line in enumerate(islice(Lines(text), _SAMPLE)):
            if number == 0 and line.lstrip().startswith("["):
                raise FileError("is a JSON array: write one object a line (jq -c '.[]' does)")
            try:
                names.update(_members(line) if line.strip() else ())
            except _NotAnObject:
                continue
            if len(names) > MAX_COLUMNS:
                raise FileError(f"has more than {MAX_COLUMNS:,} columns")
    return sorted(names)


def _row(number: int, line: str, columns: tuple[str, ...]) -> Row | BrokenRow:
    try:
        members = _members(line)
        return Row(number, {c: _cell(c, members.get(c)) for c in columns})
    except _NotAnObject as error:
        return BrokenRow(number, str(error))
    except RowFault as fault:
        return BrokenRow(number, fault.message, fault.field)


def _members(line: str) -> dict[str, Any]:
    """The members, numbers as they are written. Raises `_NotAnObject`."""
    try:
        found = json.loads(
            line, parse_float=_Float, parse_int=TypedText, parse_constant=_NoNumber,
            object_pairs_hook=_each_once,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        raise _NotAnObject(f"is not a JSON object: {error.msg}, column {error.colno}") from None
    except RecursionError:
        raise _NotAnObject("is not a JSON object: is nested too deep") from None
    if not isinstance(found, dict):
        raise _NotAnObject("is not a JSON object")
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise _NotAnObject(f'has the member "{twice[:64]}" twice; which one counts is unknown')
    return members


def _cell(column: str, value: Any) -> str:
    """A value as it would stand in a CSV file. Raises `RowFault`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return flag_text(value)
    if isinstance(value, _NoNumber):
        message = f"column {column} holds {value}, which is not JSON; null stands for no value"
        raise RowFault(column, message)
    if isinstance(value, TypedText):
        return value
    if isinstance(value, _Float):
        return number_text(column, Decimal(value), EXACT)
    if not isinstance(value, str):
        raise unfit(column, "a list" if isinstance(value, list) else "an object")
    if _LONE_SURROGATE.search(value):
        raise RowFault(column, f"column {column} holds half a character (a lone surrogate)")
    return value.strip()
