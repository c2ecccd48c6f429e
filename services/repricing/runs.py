"""Repricings as rows: begun, gone on with, at their end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Record

from services.rates.book import RateBook
from services.repricing import queries
from services.repricing.changes import Change
from services.repricing.chunks import Chunk, Position
from services.repricing.reach import Asked, Changed, Reach, reach_of


@dataclass(frozen=True, slots=True)
class Run:
    """A repricing: of what, at which revision, who asked for it and why, and how far it is."""

    repricing_id: int
    revision: int
    asked: Asked
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
        asked=Asked(row["plant"], row["product"], row["asked_from"], row["asked_to"]),
        reach=Reach(plants, row["starts_at"], row["ends_at"]),
        position=Position(row["position_at"], row["position_id"]),
        **{name: row[name] for name in alike},
    )


async def reach(conn: Connection, asked: Asked, book: RateBook) -> Reach | None:
    """What is to be looked at, of what is asked; None where no event can cost anything else."""
    base = await conn.fetchval(queries.BASE_REVISION)
    items = [_changed(row) for row in await conn.fetch(queries.CHANGED_ITEMS, base)]
    first, last = await conn.fetchrow(queries.EVENTS_SPAN)
    return reach_of(items, asked, first, last, book) if items and first else None


def _changed(row: Record) -> Changed:
    """A plant's own first table ends that of all plants, from ever; a plant is from ever too."""
    table = row["kind"] == "cost_table"
    ever = row["kind"] == "plant" or (table and row["is_new"] and row["plant"] is not None)
    daily = table or row["kind"] == "plant_currency"
    return Changed(row["plant"], None if ever else row["effective_from"], row["next_from"], daily)


async def counted(conn: Connection, reach: Reach) -> tuple[int, int]:
    """How many events there are to look at, and how many have lost their bytes to a retention."""
    plants = None if reach.plants is None else sorted(reach.plants)
    row = await conn.fetchrow(queries.COUNT_EVENTS, plants, reach.starts_at, reach.ends_at)
    return row["total"], row["dropped"]


async def interrupted(conn: Connection, asked: Asked, revision: int) -> Run | None:
    """The repricing that was asked for in these words and is not at its end."""
    row = await conn.fetchrow(queries.OPEN_RUN, revision, *_words(asked))
    return _run(row) if row else None


async def begin(
    conn: Connection, asked: Asked, reach: Reach, revision: int, by: str, why: str
) -> Run:
    plants = None if reach.plants is None else sorted(reach.plants)
    row = await conn.fetchrow(
        queries.ADD_RUN, revision, *_words(asked), plants, reach.starts_at, reach.ends_at, by, why,
        *await counted(conn, reach),
    )  # fmt: skip
    return _run(row)


def _words(asked: Asked) -> tuple[object, ...]:
    return asked.plant, asked.product, asked.first, asked.until


async def supersede(conn: Connection, revision: int) -> None:
    """Runs at older revisions end where they are."""
    await conn.execute(queries.SUPERSEDE_RUNS, revision)


async def lock(conn: Connection, run: Run, position: Position) -> bool:
    """Hold the run until the transaction ends; False where another process has gone on with it."""
    found = await conn.fetchval(queries.LOCK_RUN, run.repricing_id, *position)
    return found is not None


async def move(
    conn: Connection, run: Run, chunk: Chunk, unpriced: int, changes: Iterable[Change]
) -> None:
    """Behind the chunk, with what it has changed."""
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
    """What it has changed so far."""
    return [Change(**row) for row in await conn.fetch(queries.CHANGES_OF, run.repricing_id)]


async def newest(conn: Connection, limit: int) -> list[Run]:
    return [_run(row) for row in await conn.fetch(queries.LIST_RUNS, limit)]
