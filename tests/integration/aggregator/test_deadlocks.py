"""Aggregators that post at once never wait for each other in a circle."""

import asyncio
import random
from typing import Any

import asyncpg

from copq.database.queries import Queries
from copq.figures.verify import verify
from copq.posting import post
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from tests.integration.aggregator.test_correcting import correction
from tests.integration.aggregator.test_corrections import GADGET
from tests.support.building import book, defect, post_events, rates

BATCHES = 12
LINES = ("L1", "L2", "L3", "L4")
AT = "2026-03-02T10:00:00Z"
WAITS = """
    select exists (
        select from pg_locks join pg_database on oid = database
        where datname = current_database() and locktype = 'advisory' and not granted)"""


async def test_corrections_across_lines_make_no_deadlock(conn: Any, database: str) -> None:
    """Each worker has a line; each corrects events of all lines, before and after they come."""
    await import_rates(conn, rates(), "test", "test")
    known, before = book(), await deadlocks(conn)
    await asyncio.gather(*(work(database, line, known) for line in LINES))
    assert await deadlocks(conn) - before == 0
    assert await verify(conn) == []


async def work(database: str, line: str, known: RateBook) -> None:
    pick = random.Random(line)
    conn = await asyncpg.connect(database)
    await prepare(conn)
    for number in range(BATCHES):
        events = [defect(f"{line}-{number}-{n}", AT, 1, line=line) for n in range(30)]
        for n in range(6):
            other = pick.choice(LINES)
            corrected = f"{other}-{pick.randrange(BATCHES)}-{pick.randrange(30)}"
            events.append(correction(f"c-{line}-{number}-{n}", corrected, line=other))
        pick.shuffle(events)
        await post_events(conn, known, events)
    await conn.close()


async def test_pricing_late_holds_no_event_while_it_waits_for_the_posting(
    conn: Any, database: str
) -> None:
    """A batch with corrections holds the posting alone, and waits for events that are priced."""
    await import_rates(conn, rates(), "test", "test")
    await post_events(conn, book(), [defect("u", AT, product="gadget", stage="S1")])
    await import_rates(conn, GADGET, "test", "test")
    known, late = await load(conn), await asyncpg.connect(database)
    await prepare(late)
    async with conn.transaction():
        await conn.execute(*Queries.of(post.__file__).lock_posting())
        settling = asyncio.create_task(settle(late, known))
        while not await conn.fetchval(WAITS):
            await asyncio.sleep(0.01)
        await conn.fetch("select from copq.unpriced where event_id = 'u' for update nowait")
    assert await settling == 1
    assert await conn.fetchval("select count(*) from copq.unpriced") == 0
    await late.close()


async def deadlocks(conn: Any) -> int:
    """The server counts them with some delay, at the latest as a connection ends."""
    await asyncio.sleep(1.2)
    count: int = await conn.fetchval(
        "select deadlocks from pg_stat_database where datname = current_database()"
    )
    return count
