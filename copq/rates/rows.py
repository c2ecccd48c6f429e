"""Rates as rows, for CSV and Excel: a table for each kind, a row for each item or stage.

A cell is text. Cells of the table that the first row of a cost table has may be left out in its
other rows. Several names in one cell are separated by semicolons.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from copq.rates.file import Place, RateFileError, rates_of
from copq.schemas.rates import RateFile
from copq.schemas.refusal import nearest

MAX_ROWS = 100_000
"""More than any plant has products and stages; beyond it the file is something else."""

_PARTS = {"rework_in_house": ("labour", "material", "overhead"),
          "rework_on_site": ("labour", "material", "overhead"),
          "return_scrap": ("price", "recovered", "recovery_overhead")}  # fmt: skip
_LISTS = frozenset({"lines", "attributes", "output_work_units"})
STAGE = ("stage", "raw_material", "labour_overhead", "fixed_overhead")
_IDENTITY = ("product", "plant", "effective_from")
_TABLE = (
    *_IDENTITY, "effective_to", "currency", "input_raw_material", "recovery_rate",
    "recovery_overhead_per_day", "allowed_rejection",
    *(f"{name}.{part}" for name, parts in _PARTS.items() for part in parts),
    "price", "seconds_price",
)  # fmt: skip
COLUMNS: dict[str, tuple[str, ...]] = {
    "rate_file": ("time_zone",),
    "plants": ("plant", "time_zone", "day_start", "currency", "lines", "attributes"),
    "plant_currencies": ("plant", "effective_from", "currency"),
    "cost_tables": (*_IDENTITY, *STAGE, *_TABLE[len(_IDENTITY):]),
    "line_rates": (
        "plant", "line", "effective_from", "effective_to", "rate_per_minute", "rate_per_hour",
        "bottleneck", "contribution_per_minute", "contribution_per_hour",
        "planned_rate_per_minute", "planned_rate_per_hour", "output_work_units",
        "ideal_rate_per_minute",
    ),
    "labour_rates": (
        "plant", "grade", "effective_from", "effective_to", "rate_per_minute", "rate_per_hour",
    ),
}  # fmt: skip
"""The columns of each kind, in the order in which they are written."""


class Row(NamedTuple):
    """A row; `number` is its number in the file, in which the header is row 1."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class Sheet:
    """The table of one file or worksheet; `name` is its name for people."""

    name: str
    kind: str
    rows: list[Row] = field(default_factory=list)


KindOf = Callable[[str, list[str]], str]
"""The kind of a table, by its name for people and its columns. Raises `RateFileError`."""


def kind_of(name: str, header: list[str]) -> str:
    """The kind of a table of rates, by its columns. Raises `RateFileError`."""
    kind = _find_kind(header)
    if kind is None:
        known = "; ".join(f"{k}: {', '.join(c[:4])}, …" for k, c in COLUMNS.items() if c[1:])
        check_columns(name, header, "rates", header)
        raise RateFileError([f"{name}: has no columns of rates. What there may be: {known}"])
    check_columns(name, header, kind, COLUMNS[kind])
    return kind


def check_columns(name: str, header: list[str], kind: str, known: Sequence[str]) -> None:
    """Raise `RateFileError` if a column is there twice, or is not one of `kind`."""
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise RateFileError([f"{name}: has more than one column {', '.join(twice)}"])
    faults = [
        f'{name}: "{column}" is not a column of {kind}{nearest(column, known)}'
        for column in header if column not in known
    ]  # fmt: skip
    if faults:
        raise RateFileError(faults)


def _find_kind(header: list[str]) -> str | None:
    columns = set(header)
    if columns & {"stage", "product"}:
        return "cost_tables"
    if "line" in columns:
        return "line_rates"
    if "day_start" in columns:
        return "plants"
    if "currency" in columns:
        return "plant_currencies"
    if columns & {"rate_per_minute", "rate_per_hour"}:
        return "labour_rates"
    return "rate_file" if "time_zone" in columns else None


def rates_from(sheets: Iterable[Sheet]) -> RateFile:
    """The rates of the tables. Raises `RateFileError`; each fault names table, row and column."""
    data, place = data_of(sheets)
    if not any(data.values()):
        raise RateFileError(["is empty: it has no row of rates"])
    return rates_of(data, place)


def data_of(sheets: Iterable[Sheet]) -> tuple[dict[str, Any], Place]:
    """The rows of the tables in the layout of a YAML file, and the place of each value.

    Raises `RateFileError` if the rows of one cost table contradict each other.
    """
    data: dict[str, Any] = {}
    places = _Places()
    for sheet in sheets:
        if sheet.kind == "rate_file":
            data |= {k: v for row in sheet.rows for k, v in row.cells.items() if v}
            continue
        items = data.setdefault(sheet.kind, [])
        read = _tables if sheet.kind == "cost_tables" else _items
        for item, rows in read(sheet):
            places.rows[sheet.kind, len(items)] = (sheet.name, rows)
            items.append(item)
    return data, places.name


@dataclass(slots=True)
class _Places:
    """The row numbers of each item, by kind and position: its own row, then those of its stages."""

    rows: dict[tuple[str, int], tuple[str, list[int]]] = field(default_factory=dict)

    def name(self, location: tuple[Any, ...]) -> str:
        kind, number, *rest = (*location, None)[: max(len(location), 2)]
        if (kind, number) not in self.rows:
            return ".".join(map(str, location))
        sheet, rows = self.rows[kind, number]
        within = int(rest.pop(1)) if rest[:1] == ["stages"] and len(rest) > 1 else 0
        column = ".".join(str(part) for part in rest if part != "stages")
        return f"{sheet}, row {rows[within]}" + (f", column {column}" if column else "")


def _items(sheet: Sheet) -> Iterator[tuple[dict[str, Any], list[int]]]:
    for row in sheet.rows:
        yield {n: _cell_value(n, text) for n, text in row.cells.items() if text}, [row.number]


def _cell_value(column: str, text: str) -> Any:
    return split_names(text) if column in _LISTS else text


def _tables(sheet: Sheet) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Cost tables: rows with the same product, plant and date are the stages of one table."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in sheet.rows:
        found.setdefault(tuple(row.cells.get(n, "") for n in _IDENTITY), []).append(row)
    faults = [fault for rows in found.values() for fault in _contradictions(sheet.name, rows)]
    if faults:
        raise RateFileError(faults)
    for first, *others in found.values():
        rows = [first, *others]
        item = _nest({n: first.cells[n] for n in _TABLE if first.cells.get(n)})
        item["stages"] = [{n: r.cells[n] for n in STAGE if r.cells.get(n)} for r in rows]
        yield item, [row.number for row in rows]


def _contradictions(sheet: str, rows: list[Row]) -> Iterator[str]:
    first, *others = rows
    for row in others:
        for name in _TABLE:
            said, there = row.cells.get(name, ""), first.cells.get(name, "")
            if said and said != there:
                yield (
                    f'{sheet}, row {row.number}, column {name}: "{said}" is not what row '
                    f'{first.number} says of the same table, "{there}"'
                )


def _nest(cells: dict[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name, text in cells.items():
        outer, dot, inner = name.partition(".")
        if dot:
            item.setdefault(outer, {})[inner] = text
        else:
            item[name] = text
    return item


def split_names(text: str) -> list[str]:
    """The names in one cell; names with a semicolon or a quote are quoted."""
    return next(csv.reader([text], delimiter=";", strict=True), [])


def join_names(names: Iterable[str]) -> str:
    """The names as one cell, which `split_names` reads."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="").writerow(names)
    return text.getvalue()


def rows_of(rates: RateFile) -> dict[str, list[dict[str, Any]]]:
    """The rows of each kind, by column; values are text, numbers and booleans."""
    found: dict[str, list[dict[str, Any]]] = {}
    if rates.time_zone:
        found["rate_file"] = [{"time_zone": rates.time_zone}]
    for kind in tuple(COLUMNS)[1:]:
        rows = [
            row for item in getattr(rates, kind) for row in _rows_of_item(item, rates.time_zone)
        ]
        if rows:
            found[kind] = rows
    return found


def _rows_of_item(item: BaseModel, zone: str | None) -> Iterator[dict[str, Any]]:
    cells = dict(_cells(item, zone))
    stages = getattr(item, "stages", None)
    if stages is None:
        yield cells
        return
    for number, stage in enumerate(stages):
        own = {name: cells[name] for name in _IDENTITY if name in cells} if number else cells
        yield own | {name: getattr(stage, name) for name in STAGE}


def _cells(item: BaseModel, zone: str | None) -> Iterator[tuple[str, Any]]:
    for name in type(item).model_fields:
        value = getattr(item, name)
        if value is None or name == "stages":
            continue
        if isinstance(value, BaseModel):
            yield from ((f"{name}.{part}", getattr(value, part)) for part in _PARTS[name])
        elif name in _LISTS:
            if value:
                yield name, join_names(value)
        elif name == "day_start":
            yield name, f"{value:%H:%M}"
        else:
            yield name, local(value, zone) if isinstance(value, datetime) else value


def local(instant: datetime, zone: str | None) -> str:
    """A date for a midnight in the file's time zone; else a local time, or one with its offset."""
    there = _in(zone, instant)
    if there is None or there.utcoffset() != there.replace(fold=1 - there.fold).utcoffset():
        return instant.isoformat()
    shown = there.replace(tzinfo=None)
    return shown.date().isoformat() if shown.time() == time() else shown.isoformat()


def _in(zone: str | None, instant: datetime) -> datetime | None:
    try:
        return None if zone is None else instant.astimezone(ZoneInfo(zone))
    except OverflowError:
        return None  # the end of time, which the zone has none of


def text_of(cell: Any) -> str:
    """A cell as text; numbers with all their digits and without an exponent."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
