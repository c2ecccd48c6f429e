"""Retention in the database: planning what to drop, and dropping it in batches.

Each batch is a transaction of its own, signed, and moves the mark from which the next one starts:
interrupted at any point, it goes on there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from asyncpg import Connection, Record

from copq.access.authority import Actor, sign
from copq.database.queries import Queries

_SQL = Queries.of(__file__)
BATCH = 5_000
EVENTS, REFUSED = "events", "refused"
Bounds = Mapping[str, datetime]
"""By plant the instant before which an event's bytes may go."""


@dataclass(frozen=True, slots=True)
class Order:
    """The bytes to drop: of `events` (of a plant, or all) or of `refused` messages."""

    subject: str
    before: date
    plant: str | None = None

    @property
    def instant(self) -> datetime:
        """The start of the day `before` in UTC, for messages without a plant."""
        return datetime.combine(self.before, time(), UTC)


@dataclass(frozen=True, slots=True)
class Run:
    """The progress of an order: its position, and what was dropped."""

    number: int
    ordered_at: datetime
    order: Order
    at: datetime
    event_id: str
    dropped: int
    bytes: int
    finished_at: datetime | None


async def plan_events(conn: Connection, bounds: Bounds) -> list[Record]:
    """By plant and month: the events and bytes that would be dropped, and the events that stay."""
    rows: list[Record] = await conn.fetch(
        *_SQL.plan_events(plants=list(bounds), bounds=list(bounds.values()))
    )
    return rows


async def plan_refused(conn: Connection, order: Order) -> Record:
    """The messages and bytes that would be dropped, and how many messages wait for a replay."""
    return await conn.fetchrow(*_SQL.plan_refused(instant=order.instant))


async def begin(conn: Connection, order: Order, actor: Actor, why: str) -> Run:
    """The interrupted run of this order, or a new one.

    Raises `OutOfScope` where the actor's token is not for all that the order is for.
    """
    actor.require([(order.plant, None)])
    async with conn.transaction():
        await sign(conn, actor, why)
        asked = {"subject": order.subject, "before": order.before, "plant": order.plant}
        row = await conn.fetchrow(*_SQL.unfinished(**asked))
        begun = _SQL.begin(ordered_by=actor.name, why=why, **asked)
        return _run(row or await conn.fetchrow(*begun))


async def next_month(conn: Connection, run: Run, until: datetime) -> date | None:
    """The month of the first event that the run has not reached."""
    found: date | None = await conn.fetchval(
        *_SQL.next_month(at=run.at, event_id=run.event_id, until=until)
    )
    return found


async def drop_events(
    conn: Connection, run: Run, bounds: Bounds, until: datetime, actor: Actor, why: str,
    batch: int = BATCH,
) -> Run | None:  # fmt: skip
    """Drop the bytes of the next events before `until`; None if no events are left."""
    async with conn.transaction():
        await sign(conn, actor, why)
        await conn.execute(*_SQL.allow())
        end = await conn.fetchrow(
            *_SQL.slice_end(at=run.at, event_id=run.event_id, until=until, batch=batch)
        )
        if end is None:
            return None
        found = await conn.fetchrow(
            *_SQL.drop_events(
                at=run.at, event_id=run.event_id, end_at=end["occurred_at"],
                end_id=end["event_id"], plants=list(bounds), bounds=list(bounds.values()),
                number=run.number,
            )
        )  # fmt: skip
        return await _reach(conn, run, end["occurred_at"], end["event_id"], found)


async def drop_refused(
    conn: Connection, run: Run, actor: Actor, why: str, batch: int = BATCH
) -> Run | None:
    """As `drop_events`, for messages that were refused before the order's day (UTC)."""
    async with conn.transaction():
        await sign(conn, actor, why)
        found = await conn.fetchrow(
            *_SQL.drop_refused(instant=run.order.instant, batch=batch, number=run.number)
        )
        if not found["dropped"]:
            return None
        return await _reach(conn, run, run.at, run.event_id, found)


async def _reach(conn: Connection, run: Run, at: datetime, event_id: str, found: Record) -> Run:
    dropped, size = found["dropped"], found["bytes"]
    await conn.execute(
        *_SQL.reach(number=run.number, at=at, event_id=event_id, dropped=dropped, bytes=size)
    )
    return replace(
        run, at=at, event_id=event_id, dropped=run.dropped + dropped, bytes=run.bytes + size
    )


async def finish(conn: Connection, run: Run, actor: Actor, why: str) -> Run:
    """Mark the run as finished: the same order would start a new one."""
    async with conn.transaction():
        await sign(conn, actor, why)
        return _run(await conn.fetchrow(*_SQL.finish(number=run.number)))


async def history(conn: Connection) -> list[Record]:
    """All runs, the newest first."""
    rows: list[Record] = await conn.fetch(*_SQL.all())
    return rows


def _run(row: Any) -> Run:
    order = Order(row["subject"], row["before"], row["plant"])
    return Run(
        row["retention"], row["ordered_at"], order, row["reached_at"], row["reached_id"],
        row["dropped"], row["bytes"], row["finished_at"],
    )  # fmt: skip
