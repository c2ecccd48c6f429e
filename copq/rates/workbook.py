"""Rates as an Excel workbook: one sheet for each kind, recognised by its columns.

A workbook keeps numbers as binary floats of fifteen digits: what has more is written as text,
and a number that has more is refused rather than guessed at.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from copq.rates.file import RateFileError
from copq.rates.rows import COLUMNS, MAX_ROWS, KindOf, Row, Sheet, kind_of, rows_of, text_of
from copq.schemas.rates import RateFile

MAX_UNPACKED = 32 * 1024 * 1024
MAX_CELLS = 3_000_000
"""Empty ones among them: a stray cell far below or far right makes a table of millions."""
DIGITS = 15
"""Decimal digits that a number of Excel is sure to keep."""


def sheets_of_workbook(data: bytes, kind: KindOf = kind_of) -> list[Sheet]:
    """The tables of a workbook; `kind` checks the columns of each.

    Raises `RateFileError`; formulas and links are not followed.
    """
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True)
        return [sheet for ws in book.worksheets if (sheet := _sheet(ws, kind)) is not None]
    except RateFileError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers raise
        raise RateFileError([f"is not an Excel workbook that can be read: {error}"]) from None


def _check_archive(data: bytes) -> None:
    """Raise `RateFileError` if the workbook would unpack to too much, or holds a program."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError) as error:
        says = "is not an Excel workbook (.xlsx); one with a password has to be saved without it"
        raise RateFileError([f"{says}: {error}"]) from None
    if any("vbaproject" in part.filename.lower() for part in parts):
        raise RateFileError(["holds macros: save it as .xlsx, without them"])
    names = [part.filename for part in parts]
    if len(set(names)) != len(names):
        raise RateFileError(["holds a part twice: open it and save it again as .xlsx"])
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise RateFileError([f"unpacks to more than {MAX_UNPACKED >> 20} MB"])


def _sheet(worksheet: Any, kind: KindOf) -> Sheet | None:
    name = f"sheet {worksheet.title}"
    if not hasattr(worksheet, "iter_rows"):
        raise RateFileError([f"{name}: is a chart; figures are in cells"])
    rows = _rows(name, worksheet)
    _, first = next(rows, (1, ()))
    header = _header(name, first)
    if not header:
        if any(True for _ in rows):
            raise RateFileError([f"{name}: row 1 is empty; it has the names of the columns"])
        return None
    if worksheet.sheet_state != "visible":
        raise RateFileError([f"{name}: is hidden: show it, or delete it"])
    sheet = Sheet(name, kind(name, header))
    faults: list[str] = []
    for number, cells in rows:
        sheet.rows.append(Row(number, dict(_cells(name, number, header, cells, faults))))
        if len(sheet.rows) > MAX_ROWS:
            raise RateFileError([f"{name}: has more than {MAX_ROWS:,} rows"])
    if faults:
        raise RateFileError(faults)
    return sheet


def _rows(name: str, worksheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The first row, and all that are not empty, with their numbers."""
    worksheet.reset_dimensions()  # as the file states them they may be wrong
    seen = 0
    for number, cells in enumerate(worksheet.iter_rows(), 1):
        seen += 1 + len(cells)
        if seen > MAX_CELLS:
            raise RateFileError([f"{name}: is too large: something stands far below or far right"])
        if number == 1 or any(cell.value is not None for cell in cells):
            yield number, cells


def _header(name: str, cells: tuple[Any, ...]) -> list[str]:
    header = [str(cell.value or "").strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if "" in header:
        column = get_column_letter(header.index("") + 1)
        raise RateFileError([f"{name}: column {column} has no name in row 1"])
    return header


def _cells(
    name: str, number: int, header: list[str], cells: tuple[Any, ...], faults: list[str]
) -> Iterator[tuple[str, str]]:
    for index, cell in enumerate(cells):
        if cell.value is None:
            continue
        column = header[index] if index < len(header) else ""
        try:
            if not column:
                raise ValueError("stands next to the table: row 1 names no column there")
            yield column, _text(column, cell)
        except ValueError as error:
            faults.append(f"{name}, row {number}, column {get_column_letter(index + 1)}"
                          f"{f' ({column})' if column else ''}: {error}")  # fmt: skip


_NAMES = frozenset(
    {
        "plant",
        "line",
        "product",
        "stage",
        "grade",
        "lines",
        "attributes",
        "output_work_units",
        "base",
    }
)


def _text(column: str, cell: Any) -> str:
    """A cell as YAML would write it. Raises `ValueError`, which says what to do."""
    value = cell.value
    if cell.data_type == "f":
        raise ValueError("holds a formula: put its value there (paste special, values)")
    if cell.data_type == "e":
        raise ValueError(f"holds an error, {value}")
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        if column in _NAMES:
            raise ValueError("is a truth value: format the cell as text")
        return text_of(value)
    if isinstance(value, int | float):
        return _number(column, value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat()
    raise ValueError("is a length of time; nothing here is")


def _number(column: str, value: float) -> str:
    figure = Decimal(repr(value))
    if column in _NAMES:
        if figure != figure.to_integral_value():
            raise ValueError(f"is the number {figure:f}; format the cell as text for a name")
        return f"{figure.to_integral_value():f}"
    if len(figure.normalize().as_tuple().digits) > DIGITS:
        raise ValueError(
            f"is {figure:f}: more digits than Excel keeps. Round it, =ROUND(…, 8), and paste its "
            "value; or format the cell as text and type it again"
        )
    return f"{figure:f}"


def workbook_of(rates: RateFile) -> bytes:
    """The rates as a workbook. Kinds without rows have no sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for kind, rows in rows_of(rates).items():
        worksheet = book.create_sheet(kind)
        worksheet.append(COLUMNS[kind])
        for number, row in enumerate(rows, 2):
            for index, name in enumerate(COLUMNS[kind], 1):
                if name in row:
                    _write(worksheet.cell(number, index), row[name])
        _format(worksheet, COLUMNS[kind])
    if not book.worksheets:
        book.create_sheet("plants").append(COLUMNS["plants"])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _write(cell: Any, value: Any) -> None:
    """Write a cell; text stays text, even if it looks like a formula or a number."""
    if isinstance(value, bool) or (isinstance(value, Decimal) and _is_exact(value)):
        cell.value = value
        return
    cell.value = text_of(value)
    cell.data_type, cell.number_format = "s", "@"


def _is_exact(figure: Decimal) -> bool:
    return len(figure.normalize().as_tuple().digits) <= DIGITS


def _format(worksheet: Any, columns: tuple[str, ...]) -> None:
    worksheet.freeze_panes = "A2"
    for index, name in enumerate(columns, 1):
        worksheet.cell(1, index).font = Font(bold=True)
        worksheet.column_dimensions[get_column_letter(index)].width = max(12, len(name) + 2)
