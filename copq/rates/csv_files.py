"""Rates as CSV: one file for each kind, recognised by its columns."""

import csv
import io
from typing import Any

from copq.rates.file import RateFileError, decode
from copq.rates.rows import COLUMNS, MAX_ROWS, KindOf, Row, Sheet, kind_of, rows_of, text_of
from copq.schemas.rates import RateFile
from copq.text.strict_csv import Dialect, NotCsv, Record, records


def sheet_of_csv(name: str, data: bytes, kind: KindOf = kind_of) -> Sheet:
    """The table of one file; `kind` checks its columns. Raises `RateFileError`.

    The separator is what the header uses: a comma, a semicolon or a tab.
    """
    text = decode(data)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    table = records(io.StringIO(text, newline=""), Dialect(delimiter))
    try:
        header = [column.strip() for column in next(table, Record(1, [])).cells]
        sheet = Sheet(name, kind(name, header))
        for number, cells in table:
            if any(cells):
                sheet.rows.append(_row(name, number, header, cells))
            if len(sheet.rows) > MAX_ROWS:
                raise RateFileError([f"{name}: has more than {MAX_ROWS:,} rows"])
    except NotCsv as error:
        raise RateFileError([f"{name}: is not CSV at {error}"]) from None
    return sheet


def _row(name: str, number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        says = f"has {len(cells)} cells, the header has {len(header)}; a number has a decimal point"
        raise RateFileError([f"{name}, row {number}: {says}"])
    return Row(number, dict(zip(header, cells, strict=True)))


def csv_of(rates: RateFile) -> dict[str, str]:
    """The files of a folder, by name. A part without rows has no file."""
    return {f"{kind}.csv": _text(kind, rows) for kind, rows in rows_of(rates).items()}


def _text(kind: str, rows: list[dict[str, Any]]) -> str:
    """The table as CSV text; cells with separators or quotes are quoted."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS[kind], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: text_of(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue()
