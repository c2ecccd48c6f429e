"""Pricing everything again: a second database to which the same events are posted, at one book.

What stands there, and what its rollups say, is what a repricing must end with.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import asyncpg

from copq.access.authority import Actor
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.repricing.applying import apply
from copq.repricing.reach import RepricingScope
from copq.repricing.runs import Run
from copq.schemas.rates import RateFile
from tests.support.building import post_events

STANDING = """
select event_id, occurred_at, plant, line, product, stage, work_unit, element, category,
    quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, currency, hour, day,
    period
from copq.ledger as l
where reverses is null and not exists (
    select from copq.ledger as r where r.event_id = l.event_id and r.reverses = l.entry_no)
order by event_id, occurred_at, element, gross
"""
ROLLUPS = """
select grain, plant, line, product, element, category, currency, day, nullif(hour, '-infinity'),
    entries, quantity, gross, recovered, allowed, net, seconds, base, good, ungraded
from copq.rollup
where entries <> 0 or net <> 0 or quantity <> 0 or base <> 0 or seconds <> 0
order by grain, plant, line, product, element, currency, day, hour
"""
UNPRICED = "select event_id, reason from copq.unpriced order by event_id"
STOPS = """
select event_id, per_hour, currency, voided from copq.stop where not voided order by event_id
"""
ANN = Actor("ann")


async def state(conn: asyncpg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that figures are made of: what stands, its sums, what waits for a price, the stops."""
    asked = {"standing": STANDING, "rollups": ROLLUPS, "unpriced": UNPRICED, "stops": STOPS}
    return {name: [tuple(row) for row in await conn.fetch(sql)] for name, sql in asked.items()}


async def afresh(
    dsn: str, rates: Iterable[RateFile], batches: Iterable[list[bytes]]
) -> dict[str, list[tuple[Any, ...]]]:
    """The state after posting these batches with the book that these rate files end with."""
    conn = await asyncpg.connect(dsn)
    try:
        await prepare(conn)
        for file in rates:
            await import_rates(conn, file, "t", "t")
        book = await load(conn)
        for batch in batches:
            await post_events(conn, book, batch)
        await settle(conn, book)
        return await state(conn)
    finally:
        await conn.close()


async def reprice(dsn: str, asked: RepricingScope | None = None, size: int = 3) -> Run | None:
    """Apply, in chunks of so few events that each history needs several."""
    return await apply(dsn, asked or RepricingScope(), ANN, "a test", lambda _: None, size)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
