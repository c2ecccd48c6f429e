"""Lines and products as they are pasted from a spreadsheet: with or without a header.

Cells are separated by tabs, semicolons or commas. Every fault names its row; row 1 is the first.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from babel import Locale
from pydantic import TypeAdapter, ValidationError

from copq.ingest.form.numbers import NotANumber, read_number
from copq.rates.csv_files import sheet_of_csv
from copq.rates.file import RateFileError
from copq.rates.formats import tables_of
from copq.rates.rows import Row, Sheet
from copq.schemas.fields import Identifier
from copq.text.strict_csv import Dialect, NotCsv, records

MOST_LINES = 40
MOST_STAGES = 200
"""What one form asks the costs of. Larger plants have a rate file."""
FINISHED = "finished"
"""The stage of a product that is listed without one."""

_NAME: TypeAdapter[str] = TypeAdapter(Identifier)
_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")
_LINE = {
    "line": {"line", "lines", "production line", "line name", "linie"},
    "per_hour": {"rate per hour", "cost per hour", "cost an hour", "hourly rate", "cost", "rate"},
    "per_minute": {"rate per minute", "cost per minute", "cost a minute"},
}
_STAGE = {
    "product": {"product", "products", "item", "article", "part", "part number", "sku", "produkt"},
    "stage": {"stage", "step", "operation", "process step"},
    "material": {"raw material", "material", "material cost", "unit cost", "cost"},
    "labour": {"labour overhead", "labour", "labor", "labour and overhead", "labour cost"},
}
_MINUTES = 60
_THREE_DECIMALS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
T = TypeVar("T")


class LineRow(NamedTuple):
    """A line, and the cost of an hour of standstill where it is known."""

    line: str
    per_hour: Decimal | None = None


class StageRow(NamedTuple):
    """A product at a stage, and the cost of a unit up to there where it is known."""

    product: str
    stage: str
    material: Decimal | None = None
    labour: Decimal | None = None


@dataclass(slots=True)
class Table(Generic[T]):
    """The rows that could be read, what is wrong, and columns that are of no use here."""

    rows: list[T] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def read_lines(text: str, locale: Locale) -> Table[LineRow]:
    """Lines: a name, and what an hour costs if it is there."""

    def one(cells: dict[str, str]) -> LineRow:
        minute = _money(cells, "per_minute", locale)
        hour = _money(cells, "per_hour", locale)
        return LineRow(_name(cells, "line"), hour if minute is None else minute * _MINUTES)

    return _read(text, _LINE, ("line", "per_hour"), one, lambda row: row.line, MOST_LINES, "line")


def read_stages(text: str, locale: Locale) -> Table[StageRow]:
    """Products: a name, a stage, and the cost of a unit up to there if it is there."""

    def one(cells: dict[str, str]) -> StageRow:
        stage = _name(cells, "stage") if cells.get("stage") else FINISHED
        material, labour = (_money(cells, name, locale) for name in ("material", "labour"))
        return StageRow(_name(cells, "product"), stage, material, labour)

    positions = ("product", "stage", "material", "labour")
    return _read(
        text, _STAGE, positions, one, lambda row: f"{row.product} · {row.stage}", MOST_STAGES,
        "product",
    )  # fmt: skip


def _read(
    text: str, known: dict[str, set[str]], positions: Sequence[str],
    one: Callable[[dict[str, str]], T], key: Callable[[T], str], most: int, what: str,
) -> Table[T]:  # fmt: skip
    found: Table[T] = Table()
    seen: dict[str, int] = {}
    columns: Sequence[str] | None = None
    try:
        for number, cells in _records(text):
            if columns is None:
                columns = _header(cells, known, positions, found)
                if columns is not positions:
                    continue
            try:
                row = one(_by_column(cells, columns))
                if (first := seen.setdefault(key(row), number)) != number:
                    raise ValueError(f'"{key(row)}" is there twice: see row {first}')
                found.rows.append(row)
            except ValueError as error:
                found.faults.append(f"row {number}: {error}")
    except NotCsv as error:
        found.faults.append(str(error))
    if not seen and not found.faults:
        found.faults.append(f"name at least one {what}")
    if len(found.rows) > most:
        found.faults.append(
            f"has {len(found.rows)} rows, and this form takes {most}: begin with some, and submit "
            "the others as a rate file on the page Rates"
        )
    return found


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, with their numbers."""
    delimiter = next((each for each in "\t;" if each in text), ",")
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    for record in records(io.StringIO(plain, newline=""), Dialect(delimiter)):
        cells = [cell.strip() for cell in record.cells]
        if any(cells):
            yield record.number, cells


def _header(
    cells: list[str], known: dict[str, set[str]], positions: Sequence[str], found: Table[T]
) -> Sequence[str]:
    """The column of each cell; `positions` where the first row is not a header."""
    words = [" ".join(cell.casefold().replace("_", " ").split()) for cell in cells]
    names = [next((n for n, words_of in known.items() if w in words_of), "") for w in words]
    if positions[0] not in names:
        return positions
    found.unused = [cell for cell, name in zip(cells, names, strict=True) if cell and not name]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        found.faults.append(f"row 1: more than one column is the {twice[0].replace('_', ' ')}")
    return names


def _by_column(cells: list[str], columns: Sequence[str]) -> dict[str, str]:
    if any(cells[len(columns) :]):
        raise ValueError(f"has {len(cells)} cells; there are {len(columns)} columns")
    named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    for cell in named.values():
        if cell.startswith("="):
            raise ValueError(f'"{cell}" is a formula: put its value there')
        if cell.upper() in _ERRORS:
            raise ValueError(f"{cell} is an error of the spreadsheet")
    return named


def _name(cells: dict[str, str], column: str) -> str:
    text = cells.get(column, "")
    if not text:
        raise ValueError(f"the {column} has no name")
    try:
        return _NAME.validate_python(text)
    except ValidationError as error:
        raise ValueError(f'{column} "{text[:70]}": {error.errors()[0]["msg"]}') from None


def _money(cells: dict[str, str], column: str, locale: Locale) -> Decimal | None:
    try:
        return read_number(cells.get(column, ""), locale)
    except NotANumber as error:
        text = cells.get(column, "")
        if text.startswith(("-", "\u2212")):
            raise ValueError(f"{text} is negative: a cost is 0 or more") from None
        said = str(error)
        raise ValueError(said if text in said else f'"{text}" is not a cost. {said}') from None


def tables_of_file(name: str, data: bytes) -> dict[str, str]:
    """The lines and products of a CSV file or workbook, as text to paste, by `lines`, `products`.

    A table is recognised by its column `line` or `product`. Raises `RateFileError`.
    """
    found: dict[str, str] = {}
    path = Path(name)
    csv = path.suffix.lower() in (".csv", ".tsv")
    for sheet in [sheet_of_csv(name, data, _kind)] if csv else tables_of(path, data, _kind):
        if sheet.kind in found:
            raise RateFileError([f"{sheet.name}: is the second table of {sheet.kind}"])
        found[sheet.kind] = _text(sheet)
    if not found:
        raise RateFileError([f"{name}: is empty"])
    return found


def _kind(name: str, header: list[str]) -> str:
    words = {" ".join(cell.casefold().replace("_", " ").split()) for cell in header}
    if words & _STAGE["product"]:
        return "products"
    if words & _LINE["line"]:
        return "lines"
    raise RateFileError(
        [f'{name}: row 1 has no column "product" or "line": add it, or paste the cells']
    )


def _text(sheet: Sheet) -> str:
    """The table with tabs, with the columns in their first order."""
    header = list(dict.fromkeys(column for row in sheet.rows for column in row.cells))
    lines = [header, *([_cell(row, column) for column in header] for row in sheet.rows)]
    return "\n".join("\t".join(cells) for cells in lines)


def _cell(row: Row, column: str) -> str:
    """A cell of a file has a decimal point: with one zero more nobody reads 1.125 as thousands."""
    text = " ".join(row.cells.get(column, "").split())
    return f"{text}0" if _THREE_DECIMALS.fullmatch(text) and not _is_name(column) else text


def _is_name(column: str) -> bool:
    word = " ".join(column.casefold().replace("_", " ").split())
    return word in _LINE["line"] | _STAGE["product"] | _STAGE["stage"]
