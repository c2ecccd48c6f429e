"""Late rates are settled while the stream, corrections and other workers go on."""

import asyncio
import random
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from copq.figures.verify import verify
from copq.posting.late_conversion import convert_late
from copq.posting.post import prepare
from copq.rates.book import RateBook
from tests.support.building import defect, event, post_events, stop
from tests.support.currencies.site import AT, MONDAY, SEK, publish, three_plants
from tests.support.patience import PATIENCE_S

EVENTS = 120


@pytest.fixture
async def connections(database: str) -> AsyncIterator[list[asyncpg.Connection]]:
    found = [await asyncpg.connect(database) for _ in range(4)]
    for connection in found:
        await prepare(connection)
    yield found
    for connection in found:
        await connection.close()


async def stream(conn: Any, book: RateBook, seed: int) -> None:
    """New events, stops that overlap those there are, and corrections of old events."""
    chance = random.Random(seed)
    for number in range(12):
        hour = chance.randrange(8, 18)
        start = f"2026-03-02T{hour:02}:{chance.randrange(60):02}:00+01:00"
        name = f"{seed}-{number}"
        void = {"corrects": f"d{seed * 40 + number}", "reason": "miscounted", "occurred_at": AT}
        raws = [
            defect(f"new-{name}", AT, plant="gavle"),
            stop(f"s-{name}", start, f"2026-03-02T{hour + 1:02}:59:00+01:00", plant="gavle"),
            event("correction", f"c-{name}", plant="gavle", **void),
        ]
        await post_events(conn, book, raws)


async def test_each_entry_is_converted_once_beside_stream_and_corrections(
    conn: Any, connections: list[Any]
) -> None:
    book = await three_plants(conn)
    long = stop("long", "2026-03-02T07:00:00+01:00", "2026-03-02T20:00:00+01:00", plant="gavle")
    await post_events(
        conn, book, [long, *(defect(f"d{n}", AT, 2, plant="gavle") for n in range(EVENTS))]
    )
    await publish(conn, ("SEK", MONDAY, SEK))
    first, second, *writers = connections
    await asyncio.gather(
        *(convert_late(worker, at_once=7) for worker in (first, second)),
        *(stream(writer, book, seed) for seed, writer in enumerate(writers)),
    )
    assert await verify(conn) == []
    row = await conn.fetchrow(
        "select sum(net) as net, sum(reporting_net) as converted, sum(unconverted) as lacking "
        "from copq.rollup where grain = 'month'"
    )
    # Of the old defects 24 are voided, as many new ones come; the stops lie within the long one.
    assert row["net"] == (EVENTS - 24) * 20 + 24 * 10 + 13 * 60 * 2
    assert (row["lacking"], row["converted"]) == (0, row["net"] * Decimal(SEK))


async def test_settling_that_is_cut_off_goes_on_where_it_was(conn: Any, database: str) -> None:
    book = await three_plants(conn)
    await post_events(conn, book, [defect(f"d{n}", AT, 2, plant="gavle") for n in range(EVENTS)])
    await publish(conn, ("SEK", MONDAY, SEK))
    worker = await asyncpg.connect(database)
    await prepare(worker)
    settling = asyncio.create_task(convert_late(worker, at_once=5))
    lacking = "select sum(unconverted)::int from copq.rollup where grain = 'month'"
    async with asyncio.timeout(PATIENCE_S):
        while await conn.fetchval(lacking) == EVENTS:
            await asyncio.sleep(0)
    worker.terminate()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await settling
    left = await conn.fetchval(lacking)
    assert 0 < left < EVENTS
    assert await verify(conn) == []
    assert await convert_late(conn, at_once=5) == left
    assert await conn.fetchval(lacking) == 0
    assert await verify(conn) == []
