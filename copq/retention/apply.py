"""Carrying out a retention: month by month, in batches, the disk given back after each month."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from asyncpg import Connection

from copq.access.authority import Actor
from copq.figures.project_kept import keep_costs
from copq.improvement.projects.running import Span
from copq.rates.store import load
from copq.retention.space import end_of, give_back
from copq.retention.store import (
    BATCH,
    REFUSED,
    Bounds,
    Order,
    Run,
    begin,
    drop_events,
    drop_refused,
    finish,
    next_month,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """The state after a batch: the run so far, and the current month.

    `given_back` is None but at the end of a month; `busy` then says that it was in use, and that
    its disk is given back by the next vacuum only to itself.
    """

    run: Run
    month: date | None = None
    given_back: int | None = None
    busy: bool = False


async def apply(
    conn: Connection, order: Order, bounds: Bounds, actor: Actor, why: str, batch: int = BATCH
) -> AsyncIterator[Progress]:
    """Drop the bytes of the order; continues an interrupted run of the same order.

    `conn` is in no transaction. The last progress is that of the finished run.
    """
    run = await begin(conn, order, actor, why)
    steps = _drop_refused if order.subject == REFUSED else _drop_events
    async for progress in steps(conn, run, bounds, actor, why, batch):
        run = progress.run
        yield progress
    yield Progress(await finish(conn, run, actor, why))


async def _drop_refused(
    conn: Connection, run: Run, _: Bounds, actor: Actor, why: str, batch: int
) -> AsyncIterator[Progress]:
    while (after := await drop_refused(conn, run, actor, why, batch)) is not None:
        run = after
        yield Progress(run)
    await conn.execute("vacuum (analyze) copq.rejected")


async def _drop_events(
    conn: Connection, run: Run, bounds: Bounds, actor: Actor, why: str, batch: int
) -> AsyncIterator[Progress]:
    last = max(bounds.values(), default=None)
    if run.dropped:  # it was interrupted, maybe before its last month was swept
        yield await _sweep_month(conn, run, run.at.astimezone(UTC).date().replace(day=1), bounds)
    while last is not None and (month := await next_month(conn, run, last)) is not None:
        before, until = run.dropped, min(end_of(month), last)
        await keep_costs(conn, await _days(conn, month, bounds))
        async for progress in _drop_month(conn, run, bounds, until, actor, why, batch, month):
            run = progress.run
            yield progress
        if run.dropped > before:
            yield await _sweep_month(conn, run, month, bounds)


async def _days(conn: Connection, month: date, bounds: Bounds) -> dict[str, Span]:
    """By plant the production days of a month that may lose bytes."""
    sites = (await load(conn)).sites
    first = datetime.combine(month, time(), UTC)
    until = {plant: min(end_of(month), bound) for plant, bound in bounds.items() if bound > first}
    days = {plant: sites[plant].calendar.bucket for plant in until}
    return {plant: Span(of(first).day, of(until[plant] - _TICK).day) for plant, of in days.items()}


_TICK = timedelta(microseconds=1)


async def _drop_month(
    conn: Connection, run: Run, bounds: Bounds, until: datetime, actor: Actor, why: str,
    batch: int, month: date,
) -> AsyncIterator[Progress]:  # fmt: skip
    while (after := await drop_events(conn, run, bounds, until, actor, why, batch)) is not None:
        run = after
        yield Progress(run, month)


async def _sweep_month(conn: Connection, run: Run, month: date, bounds: Bounds) -> Progress:
    freed = await give_back(conn, month, whole=end_of(month) <= min(bounds.values()))
    return Progress(run, month, freed or 0, freed is None)
