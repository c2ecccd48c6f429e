"""Runs of repricings in Postgres: begin, continue, end."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.rates.book import RateBook
from copq.repricing.changes import Change
from copq.repricing.chunks import Chunk, Position
from copq.repricing.reach import ChangedItem, Reach, RepricingScope, reach_of

_SQL = Queries.of(__file__)


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
    base = await conn.fetchval(*_SQL.base_revision())
    items = [_changed(row) for row in await conn.fetch(*_SQL.changed_items(base=base))]
    first, last = await conn.fetchrow(*_SQL.events_span())
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
    row = await conn.fetchrow(
        *_SQL.count_events(plants=plants, starts_at=reach.starts_at, ends_at=reach.ends_at)
    )
    return row["total"], row["dropped"]


async def find_interrupted(conn: Connection, asked: RepricingScope, revision: int) -> Run | None:
    """The unfinished repricing of the same scope."""
    row = await conn.fetchrow(*_SQL.open_run(revision=revision, **_scope(asked)))
    return _run(row) if row else None


async def begin(
    conn: Connection, asked: RepricingScope, reach: Reach, revision: int, by: str, why: str
) -> Run:
    plants = None if reach.plants is None else sorted(reach.plants)
    total, dropped = await count_events(conn, reach)
    row = await conn.fetchrow(
        *_SQL.add_run(
            revision=revision, **_scope(asked), plants=plants, starts_at=reach.starts_at,
            ends_at=reach.ends_at, started_by=by, why=why, total=total, dropped=dropped,
        )
    )  # fmt: skip
    return _run(row)


def _scope(asked: RepricingScope) -> dict[str, object]:
    """The columns of a repricing that say what was asked for."""
    return {
        "plant": asked.plant, "product": asked.product, "asked_from": asked.first,
        "asked_to": asked.until,
    }  # fmt: skip


async def supersede(conn: Connection, revision: int) -> None:
    """End the runs at older revisions where they are."""
    await conn.execute(*_SQL.supersede_runs(revision=revision))


async def lock(conn: Connection, run: Run, position: Position) -> bool:
    """Lock the run until the transaction ends; False if another process has continued it."""
    found = await conn.fetchval(
        *_SQL.lock_run(repricing_id=run.repricing_id, at=position.at, event_id=position.event_id)
    )
    return found is not None


async def move(
    conn: Connection, run: Run, chunk: Chunk, unpriced: int, changes: Iterable[Change]
) -> None:
    """Move the run's position behind the chunk, and add its changes."""
    await conn.execute(
        *_SQL.move_run(
            repricing_id=run.repricing_id, at=chunk.end.at, event_id=chunk.end.event_id,
            seen=chunk.seen, unpriced=unpriced,
        )
    )  # fmt: skip
    added = ({"repricing_id": run.repricing_id, **asdict(change)} for change in changes)
    await conn.executemany(*_SQL.add_changes.rows(added))


async def end(conn: Connection, run: Run) -> None:
    await conn.execute(*_SQL.end_run(repricing_id=run.repricing_id))


async def read(conn: Connection, repricing_id: int) -> Run:
    return _run(await conn.fetchrow(*_SQL.run(repricing_id=repricing_id)))


async def changes_of(conn: Connection, run: Run) -> list[Change]:
    """The changes of the run so far."""
    return [
        Change(**row) for row in await conn.fetch(*_SQL.changes_of(repricing_id=run.repricing_id))
    ]


async def newest(conn: Connection, limit: int) -> list[Run]:
    return [_run(row) for row in await conn.fetch(*_SQL.list_runs(limit=limit))]
