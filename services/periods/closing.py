"""Closing, reopening and locking a month, and signing off its figures.

The state changes while no batch is being booked: that takes an instant. What was booked until
then is summed and signed off afterwards, while events arrive; the ledger being append-only, the
figures are those of that instant.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Connection

from services.access.authority import Actor, sign
from services.database.booking_lock import change_rules
from services.database.sql_files import statement
from services.periods.period import LEADS_TO, Period, PeriodError, What, month_name, span
from services.periods.store import period
from services.periods.unfinished import UnfinishedItems, unfinished_items
from services.rates.book import Site

_OPEN_BEFORE = statement(__file__, "open_before")
_CLOCK = statement(__file__, "clock")
_CHANGE = statement(__file__, "change_period")
_MOVE_FRONTIER = statement(__file__, "move_frontier")
_ADD_STEP = statement(__file__, "add_step")
_UNSIGNED = statement(__file__, "unsigned")
_HOLD_PERIOD = statement(__file__, "hold_period")
_ADD_FIGURES = statement(__file__, "add_figures")
_ADD_CLOSING = statement(__file__, "add_closing")


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
    """Close a month and sign it off; return its unfinished items, all of which are `accepted`.

    Two transactions of its own. Where the second does not come about the month is closed, and
    `sign_off` makes up for it. Raises `PeriodError` where the month cannot be closed.
    """
    plant = site.plant.plant
    async with conn.transaction(isolation="read_committed"):
        found = await _begin(conn, plant, month, order, What.CLOSED)
        await _refuse_early(conn, site, month, now)
        lacks = await unfinished_items(conn, site, month)
        lacks.refuse(accepted)
        await _take(conn, found, What.CLOSED, order, lacks)
    await sign_off(conn, plant, month, order)
    return lacks


async def reopen(conn: Connection, plant: str, month: date, order: Order) -> None:
    """Reopen a month: late events are booked in it again. Raises `PeriodError`."""
    await _step(conn, plant, month, What.REOPENED, order)


async def lock(conn: Connection, plant: str, month: date, order: Order) -> None:
    """Lock a closed month for ever. Raises `PeriodError`."""
    await _step(conn, plant, month, What.LOCKED, order)


async def _step(conn: Connection, plant: str, month: date, what: What, order: Order) -> None:
    async with conn.transaction(isolation="read_committed"):
        found = await _begin(conn, plant, month, order, what)
        if await conn.fetchrow(_UNSIGNED, plant, month):
            raise PeriodError(f"{found} is not signed off yet: copq periods close does that first")
        await _take(conn, found, what, order, UnfinishedItems())


async def _begin(conn: Connection, plant: str, month: date, order: Order, what: What) -> Period:
    order.actor.require([(plant, None)])
    await sign(conn, order.actor, order.why)
    await change_rules(conn)
    found = await period(conn, plant, month)
    found.refuse(what)
    return found


async def _refuse_early(conn: Connection, site: Site, month: date, now: datetime) -> None:
    plant, end = site.plant.plant, span(month, site.calendar)[1]
    if now < end:
        shown = end.astimezone(site.calendar.zone)
        raise PeriodError(f"{month_name(month)} of {plant} lasts until {shown:%Y-%m-%d %H:%M %Z}")
    rows = await conn.fetch(_OPEN_BEFORE, plant, month)
    if rows:
        months = ", ".join(month_name(row["month"]) for row in rows)
        raise PeriodError(f"close the months before {month_name(month)} of {plant} first: {months}")


async def _take(
    conn: Connection, found: Period, what: What, order: Order, lacks: UnfinishedItems
) -> None:
    """Store a step; its time is later than the month's last step, by the clock of bookings."""
    clock = await conn.fetchrow(_CLOCK, found.plant, found.month)
    if clock["last"] is not None and clock["now"] <= clock["last"]:
        raise PeriodError(f"Postgres's clock is behind the last step of {found}: wait for it")
    of, now = (found.plant, found.month), clock["now"]
    closing = await conn.fetchval(_CHANGE, *of, LEADS_TO[what][1], now)
    await conn.execute(_MOVE_FRONTIER, found.plant)
    said = (order.actor.name, order.why, json.dumps(lacks.counts))
    await conn.execute(_ADD_STEP, *of, what, closing, now, *said)


async def sign_off(conn: Connection, plant: str, month: date, order: Order) -> bool:
    """Store the figures of a month's last closing; False if they are stored already."""
    order.actor.require([(plant, None)])
    async with conn.transaction(isolation="read_committed"):
        await sign(conn, order.actor, order.why)
        await conn.execute(_HOLD_PERIOD, plant, month)
        row = await conn.fetchrow(_UNSIGNED, plant, month)
        if row is None:
            return False
        of = (plant, month, row["closing"], row["done_at"])
        await conn.execute(_ADD_FIGURES, *of)
        await conn.execute(_ADD_CLOSING, *of)
    return True
