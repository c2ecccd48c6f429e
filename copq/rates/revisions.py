"""Writing to the rate book: each file under one new revision, one file at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.database.booking_lock import change_rules
from copq.database.queries import Queries
from copq.rates.file import RateFileError, items_of
from copq.schemas.rates import CostTable, LabourRate, LineRate, Plant, PlantCurrency, RateFile

_SQL = Queries.of(__file__)
MODELS: dict[str, type[Any]] = {
    "plant": Plant, "plant_currency": PlantCurrency, "cost_table": CostTable,
    "line_rate": LineRate, "labour_rate": LabourRate,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one item by a file: `added`, `changed` or `unchanged`."""

    kind: str
    key: str
    effective_from: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The book's revision after an import, and the change of each item."""

    revision: int
    changes: list[Change]

    @property
    def changed(self) -> bool:
        return any(change.what != "unchanged" for change in self.changes)


@asynccontextmanager
async def writing(conn: Connection) -> AsyncIterator[None]:
    """A transaction that may write to the book; only one at a time."""
    async with conn.transaction():
        await conn.execute(*_SQL.lock_imports())
        yield


async def write_rates(conn: Connection, rates: RateFile, source: str, by: str) -> Imported:
    """Write the items that are new or differ, all under one new revision.

    Raises `RateFileError` where the file does not fit what the book holds. A file that changes
    nothing makes no revision. Call it within `writing`.
    """
    known = await _newest(conn)
    await _refuse_misfits(conn, rates, known)
    items = items_of(rates)
    changes = [
        Change(kind, key, start, _what(known.get((kind, key, start)), item))
        for kind, key, start, item in items
    ]
    pairs = zip(items, changes, strict=True)
    fresh = [item for item, change in pairs if change.what != "unchanged"]
    revision = await _write(conn, fresh, source, by) if fresh else await current_revision(conn)
    return Imported(revision, changes)


async def refuse_misfits(conn: Connection, rates: RateFile) -> None:
    """Raise `RateFileError` if a file does not fit the current book."""
    await _refuse_misfits(conn, rates, await _newest(conn))


async def changed_items(conn: Connection, rates: RateFile) -> list[tuple[str, Any]]:
    """The items that are new to the book or differ from it, each with its kind."""
    known = await _newest(conn)
    return [
        (kind, item)
        for kind, key, start, item in items_of(rates)
        if known.get((kind, key, start)) != item
    ]


def _what(known: Any, item: Any) -> str:
    """The content of an item, for comparison: 1.10 equals 1.1, whatever the offset of instants."""
    if known is None:
        return "added"
    return "unchanged" if known == item else "changed"


async def _newest(conn: Connection) -> dict[tuple[str, str, datetime], Any]:
    rows = await conn.fetch(*_SQL.newest_items())
    return {
        (r["kind"], r["key"], r["effective_from"]): MODELS[r["kind"]].model_validate_json(
            r["content"]
        )
        for r in rows
    }


async def _refuse_misfits(conn: Connection, rates: RateFile, known: dict[Any, Any]) -> None:
    """Raise `RateFileError` for rates without a plant, or a new calendar for booked entries."""
    old: dict[str, Plant] = {
        plant.plant: plant for (kind, _, _), plant in known.items() if kind == "plant"
    }
    faults = _plantless(rates, old.keys() | {plant.plant for plant in rates.plants})
    for plant in rates.plants:
        moved = plant.plant in old and _calendar(old[plant.plant]) != _calendar(plant)
        if moved and await conn.fetchval(*_SQL.plant_has_entries(plant=plant.plant)):
            faults.append(
                f'plant "{plant.plant}" has entries: its time_zone, day_start and currency '
                "cannot change"
            )
    if faults:
        raise RateFileError(faults)


def _plantless(rates: RateFile, plants: set[str]) -> list[str]:
    named: set[str | None] = {rate.plant for rate in rates.line_rates}
    named |= {rate.plant for rate in rates.labour_rates}
    named |= {table.plant for table in rates.cost_tables}
    named |= {currency.plant for currency in rates.plant_currencies}
    missing = sorted(plant for plant in named if plant is not None and plant not in plants)
    return [f'plant "{plant}" is unknown; add it under plants' for plant in missing]


def _calendar(plant: Plant) -> tuple[Any, ...]:
    return plant.time_zone, plant.day_start, plant.currency


async def _write(conn: Connection, items: list[Any], source: str, by: str) -> int:
    await change_rules(conn)
    revision: int = await conn.fetchval(*_SQL.add_revision(source=source, imported_by=by))
    await conn.executemany(
        *_SQL.add_item.rows(
            {
                "revision": revision, "kind": kind, "key": key, "effective_from": start,
                "content": item.model_dump_json(exclude_defaults=True),
            }
            for kind, key, start, item in items
        )
    )  # fmt: skip
    return revision


async def current_revision(conn: Connection) -> int:
    """The newest revision, 0 while the book is empty."""
    revision: int = await conn.fetchval(*_SQL.current_revision())
    return revision
