"""What is booked is booked at the rates in force, however long it was on its way."""

import asyncpg
import pytest

from copq.posting.booking import StaleRates
from copq.rates.store import import_rates, load
from tests.support.building import defect, post_events, rates

AT = "2026-03-02T10:00:00+01:00"


async def test_nothing_is_booked_at_rates_that_are_no_longer_in_force(
    conn: asyncpg.Connection,
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "test")
    old = await load(conn)
    await import_rates(conn, rates(price="30"), "rates.yaml", "test")
    with pytest.raises(StaleRates) as stale:
        await post_events(conn, old, [defect("d", AT)])
    assert stale.value.revision == 2
    assert (await post_events(conn, await load(conn), [defect("d", AT)])).fresh == 1


async def test_rates_come_into_force_between_batches_alone(
    conn: asyncpg.Connection, database: str
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "test")
    other = await asyncpg.connect(database)
    await other.execute("set lock_timeout = '200ms'")
    book = await load(conn)
    async with conn.transaction():
        await post_events(conn, book, [defect("d", AT)])
        with pytest.raises(asyncpg.LockNotAvailableError):
            await import_rates(other, rates(price="30"), "rates.yaml", "test")
    await import_rates(other, rates(price="30"), "rates.yaml", "test")
    await other.close()
