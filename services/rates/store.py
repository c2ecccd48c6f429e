"""The rate book in Postgres: imported as revisions, loaded as a `RateBook`."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from schemas.rates import CostTable, LabourRate, LineRate, Plant, RateFile
from services.rates.book import RateBook, Versioned
from services.rates.file import RateFileError, items_of
from services.sql_files import statement

_LOCK_IMPORTS = statement(__file__, "lock_imports")
_LOCK_BOOKING = statement(__file__, "lock_booking")
_NEWEST_ITEMS = statement(__file__, "newest_items")
_PLANT_HAS_ENTRIES = statement(__file__, "plant_has_entries")
_ADD_REVISION = statement(__file__, "add_revision")
_ADD_ITEM = statement(__file__, "add_item")
_CURRENT_REVISION = statement(__file__, "current_revision")
_ALL_ITEMS = statement(__file__, "all_items")

_MODELS: dict[str, type[Any]] = {
    "plant": Plant, "cost_table": CostTable, "line_rate": LineRate, "labour_rate": LabourRate,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What an import does with one item: `added`, `changed` or `unchanged`."""

    kind: str
    key: str
    effective_from: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The book's revision after an import, and what became of each item."""

    revision: int
    changes: list[Change]


async def import_rates(conn: Connection, rates: RateFile, source: str, by: str) -> Imported:
    """Write the items that are new or differ, all under one new revision, or nothing at all.

    Raises `RateFileError` where the file does not fit what the book holds. A file that changes
    nothing makes no revision. Runs in a transaction of its own, one import after the other.
    """
    async with conn.transaction():
        await conn.execute(_LOCK_IMPORTS)
        known = await _newest(conn)
        await _refuse_misfits(conn, rates, known)
        items = [(kind, key, start, _json(item)) for kind, key, start, item in items_of(rates)]
        changes = [
            Change(kind, key, start, _what(known.get((kind, key, start)), content))
            for kind, key, start, content in items
        ]
        pairs = zip(items, changes, strict=True)
        fresh = [item for item, change in pairs if change.what != "unchanged"]
        revision = await _write(conn, fresh, source, by) if fresh else await current(conn)
        return Imported(revision, changes)


def _json(item: Any) -> str:
    content: str = item.model_dump_json(exclude_defaults=True)
    return content


def _what(known: str | None, content: str) -> str:
    if known is None:
        return "added"
    return "unchanged" if json.loads(known) == json.loads(content) else "changed"


async def _newest(conn: Connection) -> dict[tuple[str, str, datetime], str]:
    rows = await conn.fetch(_NEWEST_ITEMS)
    return {(r["kind"], r["key"], r["effective_from"]): r["content"] for r in rows}


async def _refuse_misfits(conn: Connection, rates: RateFile, known: dict[Any, str]) -> None:
    """Rates need their plant; a plant with entries keeps the calendar they were booked in."""
    old = {
        key: Plant(**json.loads(text)) for (kind, key, _), text in known.items() if kind == "plant"
    }
    faults = _plantless(rates, old.keys() | {plant.plant for plant in rates.plants})
    for plant in rates.plants:
        moved = plant.plant in old and _calendar(old[plant.plant]) != _calendar(plant)
        if moved and await conn.fetchval(_PLANT_HAS_ENTRIES, plant.plant):
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
    missing = sorted(plant for plant in named if plant is not None and plant not in plants)
    return [f'plant "{plant}" is unknown; add it under plants' for plant in missing]


def _calendar(plant: Plant) -> tuple[Any, ...]:
    return plant.time_zone, plant.day_start, plant.currency


async def _write(conn: Connection, items: list[Any], source: str, by: str) -> int:
    await hold_booking_alone(conn)
    revision: int = await conn.fetchval(_ADD_REVISION, source, by)
    await conn.executemany(_ADD_ITEM, [(revision, *item) for item in items])
    return revision


async def hold_booking_alone(conn: Connection) -> None:
    """No batch is being booked, and none begins until the transaction ends."""
    await conn.execute(_LOCK_BOOKING)


async def current(conn: Connection) -> int:
    """The newest revision, 0 while the book is empty."""
    revision: int = await conn.fetchval(_CURRENT_REVISION)
    return revision


async def load(conn: Connection, at: int | None = None) -> RateBook:
    """The whole book as of its newest revision, or of an earlier one."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        revision = await current(conn) if at is None else at
        rows = await conn.fetch(_ALL_ITEMS, revision)
    found: dict[str, list[Versioned[Any]]] = {kind: [] for kind in _MODELS}
    for row in rows:
        item = _MODELS[row["kind"]].model_validate_json(row["content"])
        found[row["kind"]].append(Versioned(row["revision"], item))
    newest = sorted(found["plant"], key=lambda v: v.version)
    return RateBook(
        revision, {v.item.plant: v.item for v in newest}.values(), found["cost_table"],
        found["line_rate"], found["labour_rate"],
    )  # fmt: skip


def book_of(rates: RateFile, revision: int = 1) -> RateBook:
    """The book that a file alone makes, without a database."""
    return RateBook(
        revision,
        rates.plants,
        [Versioned(revision, item) for item in rates.cost_tables],
        [Versioned(revision, item) for item in rates.line_rates],
        [Versioned(revision, item) for item in rates.labour_rates],
    )
