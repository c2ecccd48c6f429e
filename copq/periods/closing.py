"""Close, reopen and lock a month, and sign off its figures.

The state changes while no batch is being booked, which takes an instant. The figures booked until
then are summed and signed off afterwards, while events arrive: the ledger is append-only, so the
sums are those of that instant.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Connection

from copq.access.authority import Actor, sign
from copq.database.booking_lock import change_rules
from copq.database.queries import Queries
from copq.periods.period import LEADS_TO, Period, PeriodError, State, What, month_name, span
from copq.periods.store import Step, period, steps
from copq.periods.unfinished import UnfinishedItems, unfinished_items
from copq.rates.book import Site

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Order:
    """The person who orders a step, and the reason."""

    actor: Actor
    why: str

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise PeriodError("say why")


async def close(
    conn: Connection, site: Site, month: date, order: Order, now: datetime,
    accepted: Collection[str] = (),
) -> UnfinishedItems:  # fmt: skip
    """Close a month and sign it off. Returns its unfinished items, all of which are `accepted`.

    Runs two transactions of its own. If the second fails, the month is closed, and `sign_off`
    completes it. Raises `PeriodError` if the month cannot be closed.
    """
    plant = site.plant.plant
    async with conn.transaction(isolation="read_committed"):
        current = await _begin(conn, plant, month, order, What.CLOSED)
        await _refuse_early(conn, site, month, now)
        lacks = await unfinished_items(conn, site, month)
        lacks.refuse(accepted)
        await _take(conn, current, What.CLOSED, order, lacks)
    await sign_off(conn, plant, month, order)
    return lacks


async def close_or_sign(
    conn: Connection, site: Site, month: date, order: Order, now: datetime,
    accepted: Collection[str] = (),
) -> Step:  # fmt: skip
    """Close a month, or sign off one that a run before closed alone. Returns the closing.

    Raises `PeriodError` if the month cannot be closed.
    """
    plant = site.plant.plant
    is_closed = (await period(conn, plant, month)).state is not State.OPEN
    if not (is_closed and await sign_off(conn, plant, month, order)):
        await close(conn, site, month, order, now, accepted)
    return next(step for step in reversed(await steps(conn, plant, month)) if step.digest)


async def reopen(conn: Connection, plant: str, month: date, order: Order) -> None:
    """Reopen a month: late events are booked in it again. Raises `PeriodError`."""
    await _step(conn, plant, month, What.REOPENED, order)


async def lock(conn: Connection, plant: str, month: date, order: Order) -> None:
    """Lock a closed month for ever. Raises `PeriodError`."""
    await _step(conn, plant, month, What.LOCKED, order)


async def _step(conn: Connection, plant: str, month: date, what: What, order: Order) -> None:
    async with conn.transaction(isolation="read_committed"):
        current = await _begin(conn, plant, month, order, what)
        if await conn.fetchrow(*_SQL.unsigned(plant=plant, month=month)):
            raise PeriodError(
                f"{current} is not signed off yet: copq periods close does that first"
            )
        await _take(conn, current, what, order, UnfinishedItems())


async def _begin(conn: Connection, plant: str, month: date, order: Order, what: What) -> Period:
    order.actor.require([(plant, None)])
    await sign(conn, order.actor, order.why)
    await change_rules(conn)
    current = await period(conn, plant, month)
    current.refuse(what)
    return current


async def _refuse_early(conn: Connection, site: Site, month: date, now: datetime) -> None:
    plant, end = site.plant.plant, span(month, site.calendar)[1]
    if now < end:
        shown = end.astimezone(site.calendar.zone)
        raise PeriodError(f"{month_name(month)} of {plant} lasts until {shown:%Y-%m-%d %H:%M %Z}")
    rows = await conn.fetch(*_SQL.open_before(plant=plant, month=month))
    if rows:
        months = ", ".join(month_name(row["month"]) for row in rows)
        raise PeriodError(f"close the months before {month_name(month)} of {plant} first: {months}")


async def _take(
    conn: Connection, current: Period, what: What, order: Order, lacks: UnfinishedItems
) -> None:
    """Store a step. By the clock of bookings, its time is later than the month's last step."""
    clock = await conn.fetchrow(*_SQL.clock(plant=current.plant, month=current.month))
    if clock["last"] is not None and clock["now"] <= clock["last"]:
        raise PeriodError(f"Postgres's clock is behind the last step of {current}: wait for it")
    of, now = {"plant": current.plant, "month": current.month}, clock["now"]
    state = LEADS_TO[what][1]
    closing = await conn.fetchval(*_SQL.change_period(**of, state=state, closed_at=now))
    await conn.execute(*_SQL.move_frontier(plant=current.plant))
    await conn.execute(
        *_SQL.add_step(
            **of, what=what, closing=closing, done_at=now, done_by=order.actor.name,
            why=order.why, unfinished=json.dumps(lacks.counts),
        )
    )  # fmt: skip


async def sign_off(conn: Connection, plant: str, month: date, order: Order) -> bool:
    """Store the figures of a month's last closing. False if they are already stored."""
    order.actor.require([(plant, None)])
    async with conn.transaction(isolation="read_committed"):
        await sign(conn, order.actor, order.why)
        await conn.execute(*_SQL.hold_period(plant=plant, month=month))
        row = await conn.fetchrow(*_SQL.unsigned(plant=plant, month=month))
        if row is None:
            return False
        signed = {"closing": row["closing"], "closed_at": row["done_at"]}
        await conn.execute(*_SQL.add_figures(plant=plant, month=month, **signed))
        await conn.execute(*_SQL.add_savings(plant=plant, month=month, **signed))
        await conn.execute(*_SQL.add_closing(plant=plant, month=month, **signed))
    return True
