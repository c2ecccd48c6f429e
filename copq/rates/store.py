"""The rate book in Postgres, and conversions between rate files and books."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries, Query
from copq.rates.book import RateBook, Versioned
from copq.rates.documents import import_rates
from copq.rates.file import items_of
from copq.rates.revisions import MODELS, Change, Imported, current_revision
from copq.schemas.rates import RateFile

__all__ = [
    "Change", "Imported", "book_at", "book_of", "book_with", "current_revision", "file_of",
    "import_rates", "load", "revision_at",
]  # fmt: skip

_SQL = Queries.of(__file__)


async def load(conn: Connection, at: int | None = None) -> RateBook:
    """The whole book as of its newest revision, or of an earlier one."""
    return await _load(conn, _SQL.all_items, at)


async def load_names(conn: Connection) -> RateBook:
    """The newest book with names alone: every cost and rate is zero."""
    return await _load(conn, _SQL.all_names, None)


async def _load(conn: Connection, items: Query, at: int | None) -> RateBook:
    revision = await current_revision(conn) if at is None else at
    rows = await conn.fetch(*items(revision=revision))  # revisions are only added
    found: dict[str, list[Versioned[Any]]] = {kind: [] for kind in MODELS}
    for row in rows:
        item = MODELS[row["kind"]].model_validate_json(row["content"])
        found[row["kind"]].append(Versioned(row["revision"], item))
    return _book(revision, found)


def _book(revision: int, found: dict[str, list[Versioned[Any]]]) -> RateBook:
    newest = sorted(found["plant"], key=lambda v: v.version)
    return RateBook(
        revision, {v.item.plant: v.item for v in newest}.values(), found["cost_table"],
        found["line_rate"], found["labour_rate"], found["plant_currency"],
    )  # fmt: skip


async def revision_at(conn: Connection, instant: datetime) -> int:
    """The newest revision at an instant, 0 before the first."""
    revision: int = await conn.fetchval(*_SQL.revision_at(instant=instant))
    return revision


async def book_at(conn: Connection, at: str) -> RateBook:
    """The book of a revision or an instant, written as text; empty: as it is now.

    Raises `ValueError`.
    """
    if not at:
        return await load(conn)
    if at.isdecimal():
        newest = await current_revision(conn)
        if int(at) > newest:
            raise ValueError(f"there is no revision {at}: the newest is {newest}")
        return await load(conn, int(at))
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(
            f'"{at}" is neither a revision (3) nor an instant (2026-01-31T06:00:00+01:00)'
        ) from None
    if instant.tzinfo is None:
        raise ValueError(f'"{at}" has no offset: write 2026-01-31T06:00:00+01:00')
    return await load(conn, await revision_at(conn, instant))


def book_of(rates: RateFile, revision: int = 1) -> RateBook:
    """The book of a single file, without a database."""
    return RateBook(
        revision,
        rates.plants,
        [Versioned(revision, item) for item in rates.cost_tables],
        [Versioned(revision, item) for item in rates.line_rates],
        [Versioned(revision, item) for item in rates.labour_rates],
        [Versioned(revision, item) for item in rates.plant_currencies],
    )


def file_of(book: RateBook) -> RateFile:
    """The book as a file: imported into an empty book, it makes the same book.

    Its time zone is that of the plants, if they share one.
    """
    kinds: dict[str, list[Any]] = defaultdict(list)
    for kind, _, versioned in book.named_items():
        kinds[kind].append(versioned.item)
    plants = tuple(site.plant for site in book.sites.values())
    zones = {plant.time_zone for plant in plants}
    return RateFile(
        time_zone=zones.pop() if len(zones) == 1 else None,
        plants=plants,
        plant_currencies=tuple(kinds["plant currency"]),
        cost_tables=tuple(kinds["cost table"]),
        line_rates=tuple(kinds["line rate"]),
        labour_rates=tuple(kinds["labour rate"]),
    )


def book_with(book: RateBook, rates: RateFile) -> RateBook:
    """The book as it would be after a file is approved."""
    fresh = {(kind, key, start): item for kind, key, start, item in items_of(rates)}
    kept = [i for i in items_of(file_of(book)) if i[:3] not in fresh]
    versions = {id(v.item): v.version for _, _, v in book.named_items()}
    revision = book.revision + 1
    found: dict[str, list[Versioned[Any]]] = {kind: [] for kind in MODELS}
    for kind, _, _, item in kept:
        found[kind].append(Versioned(versions.get(id(item), book.revision), item))
    for (kind, _, _), item in fresh.items():
        found[kind].append(Versioned(revision, item))
    return _book(revision, found)
