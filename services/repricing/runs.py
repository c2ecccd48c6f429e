"""Runs of repricings in Postgres: begin, continue, end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Record

from services.rates.book import RateBook
from services.repricing import queries
from services.repricing.changes import Change
from services.repricing.chunks import Chunk, Position
from services.repricing.reach import ChangedItem, Reach, RepricingScope, reach_of


@dataclass(frozen=True, slots=True)
class Run:
    """A repricing: scope, revision, person, reason and progress."""

    repricing_id: int
    revision: int
    asked: RepricingScope
    reach: Reach
    position: Position
    started_at: datetime
    started_by: str
    why: str
    total: int
    seen: int
    unpriced: int
    dropped: int
    state: str
    ended_at: datetime | None


def _run(row: Record) -> Run:
    plants = None if row["plants"] is None else frozenset(row["plants"])
    alike = ("repricing_id", "revision", "started_at", "started_by", "why", "total", "seen",
             "unpriced", "dropped", "state", "ended_at")  # fmt: skip
    return Run(
        asked=RepricingScope(row["plant"], row["product"], row["asked_from"], row["asked_to"]),
        reach=Reach(plants, row["starts_at"], row["ends_at"]),
        position=Position(row["position_at"], row["position_id"]),
        **{name: row[name] for name in alike},
    )


async def reach(conn: Connection, asked: RepricingScope, book: RateBook) -> Reach | None:
    """The events of the scope that may have another price; None if none can."""
    base = await conn.fetchval(queries.BASE_REVISION)
    items = [_changed(row) for row in await conn.fetch(queries.CHANGED_ITEMS, base)]
    first, last = await conn.fetchrow(queries.EVENTS_SPAN)
    return reach_of(items, asked, first, last, book) if items and first else None


def _changed(row: Record) -> ChangedItem:
    """The changed item; a plant, and a plant's own first table, apply since the beginning."""
    table = row["kind"] == "cost_table"
    ever = row["kind"] == "plant" or (table and row["is_new"] and row["plant"] is not None)
    daily = table or row["kind"] == "plant_currency"
    return ChangedItem(
        row["plant"], None if ever else row["effective_from"], row["next_from"], daily
    )


async def count_events(conn: Connection, reach: Reach) -> tuple[int, int]:
    """The number of events in reach, and of those whose bytes a retention has dropped."""
    plants = None if reach.plants is None else sorted(reach.plants)
    row = await conn.fetchrow(queries.COUNT_EVENTS, plants, reach.starts_at, reach.ends_at)
    return row["total"], row["dropped"]


async def find_interrupted(conn: Connection, asked: RepricingScope, revision: int) -> Run | None:
    """The unfinished repricing of the same scope."""
    row = await conn.fetchrow(queries.OPEN_RUN, revision, *_words(asked))
    return _run(row) if row else None


async def begin(
    conn: Connection, asked: RepricingScope, reach: Reach, revision: int, by: str, why: str
) -> Run:
    plants = None if reach.plants is None else sorted(reach.plants)
    row = await conn.fetchrow(
        queries.ADD_RUN, revision, *_words(asked), plants, reach.starts_at, reach.ends_at, by, why,
        *await count_events(conn, reach),
    )  # fmt: skip
    return _run(row)


def _words(asked: RepricingScope) -> tuple[object, ...]:
    return asked.plant, asked.product, asked.first, asked.until


async def supersede(conn: Connection, revision: int) -> None:
    """End the runs at older revisions where they are."""
    await conn.execute(queries.SUPERSEDE_RUNS, revision)


async def lock(conn: Connection, run: Run, position: Position) -> bool:
    """Lock the run until the transaction ends; False if another process has continued it."""
    found = await conn.fetchval(queries.LOCK_RUN, run.repricing_id, *position)
    return found is not None


async def move(
    conn: Connection, run: Run, chunk: Chunk, unpriced: int, changes: Iterable[Change]
) -> None:
    """Move the run's position behind the chunk, and add its changes."""
    await conn.execute(queries.MOVE_RUN, run.repricing_id, *chunk.end, chunk.seen, unpriced)
    await conn.executemany(
        queries.ADD_CHANGES,
        [
            (run.repricing_id, *c.key, c.events, c.reversed, c.booked, c.base)
            for c in changes
        ],
    )  # fmt: skip


async def end(conn: Connection, run: Run) -> None:
    await conn.execute(queries.END_RUN, run.repricing_id)


async def read(conn: Connection, repricing_id: int) -> Run:
    return _run(await conn.fetchrow(queries.RUN, repricing_id))


async def changes_of(conn: Connection, run: Run) -> list[Change]:
    """The changes of the run so far."""
    return [Change(**row) for row in await conn.fetch(queries.CHANGES_OF, run.repricing_id)]


async def newest(conn: Connection, limit: int) -> list[Run]:
    return [_run(row) for row in await conn.fetch(queries.LIST_RUNS, limit)]
