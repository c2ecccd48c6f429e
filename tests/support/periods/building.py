"""A plant with months to close, and closing them as finance does."""

import json
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor
from copq.figures.basis import As, Basis
from copq.figures.report import ReportQuery, report
from copq.periods.closing import Order, close, lock, reopen
from copq.periods.period import month_of
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from tests.support.building import event, plant, rates

NOW = datetime(2027, 6, 1, tzinfo=UTC)
JAN, FEB, MAR, APR = "2026-01", "2026-02", "2026-03", "2026-04"
IN_JAN, IN_FEB, IN_MAR = (f"{month}-10T12:00:00+01:00" for month in (JAN, FEB, MAR))
WHY = Order(Actor("controller"), "month end")


async def filled(conn: Connection, **widget: Any) -> RateBook:
    """The rate book of plant `north`, in force."""
    await import_rates(conn, rates(plant(), **widget), "rates.yaml", "finance")
    return await load(conn)


async def shut(
    conn: Connection, month: str, name: str = "north", accepted: Collection[str] = ()
) -> None:
    site = (await load(conn)).sites[name]
    await close(conn, site, month_of(month), WHY, NOW, accepted)


async def open_again(conn: Connection, month: str, name: str = "north") -> None:
    await reopen(conn, name, month_of(month), WHY)


async def locked(conn: Connection, month: str, name: str = "north") -> None:
    await lock(conn, name, month_of(month), WHY)


def voiding(event_id: str, corrects: str, at: str, replacement: bytes | None = None) -> bytes:
    brings = {} if replacement is None else {"replacement": json.loads(replacement)}
    return event(
        "correction", event_id, corrects=corrects, occurred_at=at, reason="counted again", **brings
    )


async def copq(
    conn: Connection, month: str, reported: As = As.RESTATED, as_of: datetime | None = None,
    grain: str = "month",
) -> Decimal:  # fmt: skip
    """COPQ of all plants of a month, on some basis."""
    first = month_of(month)
    last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    edges: tuple[Any, Any] = first, last
    if grain == "hour":
        calendar = (await load(conn)).sites["north"].calendar
        edges = calendar.start_of(first), calendar.start_of(last)
    query = ReportQuery(by=(), grain=grain, start=edges[0], end=edges[1],
                        basis=Basis(reported, as_of))  # fmt: skip
    rows = await report(conn, await load(conn), query, NOW)
    return sum((row.copq for row in rows), Decimal(0))


async def first_reported(conn: Connection, month: str) -> Decimal:
    """The same whichever grain it is asked in."""
    found = {await copq(conn, month, As.FIRST_REPORTED, grain=g) for g in ("month", "day")}
    assert len(found) == 1
    return found.pop()


async def booked(conn: Connection) -> list[tuple[str, str, int]]:
    """Net of all entries by the month they belong to and the month they are booked in."""
    rows = await conn.fetch(
        "select to_char(day, 'YYYY-MM') as of_month, to_char(period, 'YYYY-MM') as period, "
        "sum(net) as net from copq.ledger group by 1, 2 order by 1, 2"
    )
    return [(row["of_month"], row["period"], int(row["net"])) for row in rows]
