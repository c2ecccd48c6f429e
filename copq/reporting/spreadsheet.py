"""Tables as CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copq.text.exact import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The characters that begin a formula in a spreadsheet; the wide ones in Japanese."""


def lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def rows_as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows without their header."""
    return lines([cell(row.get(name)) for name in columns] for row in rows)


def cell(value: Any) -> str:
    """A cell of CSV. Text that a spreadsheet would take for a formula gets a quote before it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return cell("; ".join(map(str, value)))
    return str(plain(value))
