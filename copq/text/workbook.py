"""Tables as an Excel workbook: figures as numbers, formulas with their last values, a chart."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from copq.text.exact import plain

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 50_000
"""Of a sheet: a workbook is made in memory."""

_WIDTH = 16


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and the value it has; None shows an empty cell until Excel calculates."""

    text: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns stacked on each other: one series for each of these columns, from `first` to `last`.

    Rows and columns count from 0; `names` are the columns with the names of the bars. `kind` is
    `column`, or `bar` for bars from the left, the first one on top. `line` are columns that are
    drawn as lines over them, on an axis of their own.
    """

    title: str
    names: tuple[int, int]
    series: Sequence[int]
    first: int
    last: int
    kind: str = "column"
    line: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: a row of names of columns, and rows of texts, numbers, days and formulas."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    chart: Chart | None = None


def rows_sheet(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Sheet:
    """The rows of an answer as they are."""
    return Sheet(name, columns, [[row.get(column) for column in columns] for row in rows])


def cell_name(row: int, column: int) -> str:
    """`B3` of row 2 and column 1, which count from 0."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


@dataclass(frozen=True, slots=True)
class About:
    """What the file says about itself. With a fixed time, the same sheets are the same bytes."""

    title: str
    created: datetime


def workbook(sheets: Sequence[Sheet], about: About | None = None) -> bytes:
    """The bytes of an Excel file. Raises `ValueError` if a sheet has too many rows."""
    import xlsxwriter  # slow to load, and of use here alone

    for sheet in sheets:
        if len(sheet.rows) > MOST_ROWS:
            raise ValueError(
                f"the sheet {sheet.name} would have {len(sheet.rows):,} rows, more than "
                f"{MOST_ROWS:,}: name a plant or fewer months, or take CSV"
            )
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        if about is not None:
            created = about.created.astimezone(UTC).replace(tzinfo=None)
            book.set_properties({"title": about.title, "created": created})
        formats = _Formats(book)
        for sheet in sheets:
            _write(book, formats, sheet)
    return file.getvalue()


class _Formats:
    """How cells look."""

    def __init__(self, book: Any) -> None:
        self.head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
        self.number = book.add_format({"num_format": "#,##0.00##"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})


def _write(book: Any, formats: _Formats, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.name)
    page.freeze_panes(1, 0)
    page.set_column(0, max(len(sheet.columns) - 1, 0), _WIDTH)
    for column, name in enumerate(sheet.columns):
        page.write_string(0, column, name, formats.head)
    for number, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row):
            _write_cell(page, formats, number, column, value)
    if sheet.chart and sheet.rows:
        page.insert_chart(len(sheet.rows) + 2, 0, _chart(book, sheet.name, sheet.chart))


def _write_cell(page: Any, formats: _Formats, row: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Formula):
        cached = "" if value.value is None else float(value.value)
        page.write_formula(row, column, f"={value.text}", formats.number, cached)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, Decimal | int | float):
        page.write_number(row, column, float(value), formats.number)
    elif isinstance(value, date) and not isinstance(value, datetime):
        page.write_datetime(row, column, value, formats.day)
    else:
        page.write_string(row, column, _text(value))


def _text(value: Any) -> str:
    """Always text, never a formula: the sheet is written by types."""
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    return value if isinstance(value, str) else str(plain(value))


def _chart(book: Any, name: str, chart: Chart) -> Any:
    drawn = book.add_chart({"type": chart.kind, "subtype": "stacked"})
    for column in chart.series:
        drawn.add_series(_series(name, chart, column))
    if chart.line:
        lines = book.add_chart({"type": "line"})
        for column in chart.line:
            lines.add_series({**_series(name, chart, column), "y2_axis": True})
        drawn.combine(lines)
    if chart.kind == "bar":
        drawn.set_y_axis({"reverse": True})
    drawn.set_title({"name": chart.title})
    drawn.set_size({"width": 960, "height": 400})
    return drawn


def _series(name: str, chart: Chart, column: int) -> dict[str, Any]:
    return {
        "name": [name, 0, column],
        "categories": [name, chart.first, chart.names[0], chart.last, chart.names[1]],
        "values": [name, chart.first, column, chart.last, column],
    }
