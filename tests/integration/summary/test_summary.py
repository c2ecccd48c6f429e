"""The summary of the ledger: exact at every moment, and made outside of what books."""

import random
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from copq.database.connections import DatabaseRole, act_as, take_role
from copq.figures.verify import verify
from copq.figures.why import WhyRequest, answer_why
from copq.posting.post import prepare
from copq.rates.book import RateBook
from copq.summary.keeping import bring_up_to_date, step
from copq.summary.position import read_position
from copq.summary.verifying import verify_summary
from tests.integration.figures.test_why import history, raw
from tests.support.building import book, defect, plant, post_events, post_with_rates

NOW = datetime.fromisoformat("2026-06-30T12:00:00+02:00")
RATES = book(plant("north"))


@pytest.fixture
async def summing(database: str) -> AsyncIterator[Any]:
    """A connection of the service that brings the summary up to date."""
    conn = await asyncpg.connect(database)
    await act_as(conn, DatabaseRole.AGGREGATOR)
    yield conn
    await conn.close()


async def losses(conn: Any, rates: RateBook = RATES, **asked: Any) -> list[Any]:
    request = WhyRequest(**{"start": "2026-05-20", "weeks": 10, **asked})
    found = (await answer_why(conn, rates, request, NOW)).changes
    return [(one.currency, one.before, one.after, one.provisional, one.parts) for one in found]


async def from_the_ledger(conn: Any, **asked: Any) -> list[Any]:
    """The answer where there is no summary."""
    change = conn.transaction()
    await change.start()
    await conn.execute("delete from copq.summary; delete from copq.summary_position")
    found = await losses_within(conn, **asked)
    await change.rollback()
    return found


async def losses_within(conn: Any, **asked: Any) -> list[Any]:
    """As `losses`, in the transaction of the caller."""
    request = WhyRequest(**{"start": "2026-05-20", "weeks": 10, **asked})
    from copq.figures.why_changes import read_changes

    scope, windows = await request.comparison(conn, RATES, NOW)
    changes = await read_changes(conn, RATES, scope, windows, NOW)
    return [(one.currency, sorted(map(str, one.leaves))) for one in changes]


@pytest.mark.parametrize("seed", range(4))
async def test_an_answer_is_the_same_with_and_without_it_at_every_moment(
    conn: Any, summing: Any, seed: int
) -> None:
    """Defects, stops, corrections, late entries; brought up to date in between, or not."""
    chance = random.Random(seed)
    rates = book(plant("north"))
    events = [raw(one, "north") for one in history(chance)]
    for start in range(0, len(events), 5):
        await post_with_rates(conn, rates, events[start : start + 5])
        if chance.random() < 0.6:
            assert await bring_up_to_date(summing)
        for asked in ({}, {"line": "L1"}, {"month": "2026-06", "start": "", "weeks": None}):
            async with conn.transaction(isolation="repeatable_read"):
                found = await losses_within(conn, **asked)
            assert found == await from_the_ledger(conn, **asked)
    await bring_up_to_date(summing)
    assert await verify(conn) == []
    held = await conn.fetchval("select sum(net) from copq.summary where grain = 'month'")
    assert held == await conn.fetchval("select sum(net) from copq.ledger")


@pytest.mark.parametrize("seed", range(3))
async def test_a_round_of_steps_goes_on_where_its_process_was_killed(
    database: str, conn: Any, seed: int
) -> None:
    """A few entries in each step; in between others book, and a new process takes over."""
    chance = random.Random(seed)
    events = [raw(one, "north") for one in history(chance)]
    half = len(events) // 2
    await post_with_rates(conn, RATES, events[:half])
    for number in range(8):
        killed = await asyncpg.connect(database)
        await act_as(killed, DatabaseRole.AGGREGATOR)
        within = killed.transaction(isolation="repeatable_read")
        for _ in range(chance.randint(1, 3)):
            await step(killed, 3)
        await within.start()
        await step(killed, 3)
        killed.terminate()
        async with conn.transaction(isolation="repeatable_read"):
            found = await losses_within(conn)
        assert found == await from_the_ledger(conn)
        assert await verify(conn) == []
        more = events[half + number : half + number + 1] if number < 7 else events[half + 7 :]
        await post_with_rates(conn, RATES, more)
    last = await asyncpg.connect(database)
    await act_as(last, DatabaseRole.AGGREGATOR)
    assert await bring_up_to_date(last, entries=3)
    await last.close()
    assert await verify(conn) == []
    held = await conn.fetchval("select sum(net) from copq.summary where grain = 'month'")
    assert held == await conn.fetchval("select sum(net) from copq.ledger")


async def test_a_transaction_that_takes_long_is_counted_once(
    database: str, conn: Any, summing: Any
) -> None:
    """Before it ends others book and the summary is brought up to date; it books in two parts."""
    await post_events(conn, RATES, [defect("first", "2026-06-02T12:00:00+02:00", 1)])
    slow = await asyncpg.connect(database)
    await prepare(slow)
    whole = slow.transaction()
    await whole.start()
    await post_events(slow, RATES, [defect("slow", "2026-06-03T12:00:00+02:00", 2, line="L2")])
    await post_events(conn, RATES, [defect("quick", "2026-06-04T12:00:00+02:00", 3)])

    async def after() -> Any:
        [(_, _, found, *_)] = await losses(conn)
        return found

    for _ in range(3):
        await bring_up_to_date(summing)
        assert await after() == 40
    await post_events(slow, RATES, [defect("slow2", "2026-06-03T12:00:00+02:00", 4, line="L2")])
    await whole.commit()
    assert await after() == 100
    for _ in range(3):
        await bring_up_to_date(summing)
        assert await after() == 100
    position = await read_position(conn)
    assert position.held_at is not None
    assert not await conn.fetchval(
        "select count(*) from copq.ledger where xmin::text::bigint >= $1", position.horizon
    )
    assert await verify_summary(conn) == []
    await slow.close()


async def test_verify_names_a_sum_that_the_ledger_does_not_make(conn: Any, summing: Any) -> None:
    await post_with_rates(conn, RATES, [defect("d", "2026-06-02T12:00:00+02:00", 1)])
    await bring_up_to_date(summing)
    assert await verify(conn) == []
    await conn.execute("update copq.summary set net = net + 1 where grain = 'day'")
    [wrong] = await verify(conn)
    assert wrong.check == "summary" and wrong.subject["line"] == "L1"
    assert (wrong.expected, wrong.found) == ({"net": 10}, {"net": 11})
    await conn.execute("delete from copq.summary where grain = 'day'")
    [missing] = await verify(conn)
    assert missing.found is None


async def test_a_summary_of_another_ledger_holds_nothing_and_is_made_again(
    conn: Any, summing: Any
) -> None:
    """As after a restore of a database by other means than `copq restore`."""
    await post_events(conn, RATES, [defect("d", "2026-06-02T12:00:00+02:00", 1)])
    await bring_up_to_date(summing)
    await conn.execute("update copq.summary_position set ledger = 'another', horizon = 9999999999")
    await conn.execute("update copq.summary set net = 77")
    assert (await read_position(conn)).held_at is None
    assert [after for _, _, after, *_ in await losses(conn)] == [10]
    await bring_up_to_date(summing)
    assert await verify_summary(conn) == []
    assert [after for _, _, after, *_ in await losses(conn)] == [10]


async def test_one_process_at_a_time_brings_it_up_to_date(
    database: str, conn: Any, summing: Any
) -> None:
    await conn.execute("select pg_advisory_lock(hashtextextended('copq.summary', 0))")
    assert not await bring_up_to_date(summing)
    await conn.execute("select pg_advisory_unlock(hashtextextended('copq.summary', 0))")
    assert await bring_up_to_date(summing)


async def test_a_reader_sees_the_sums_of_the_own_lines(
    database: str, conn: Any, summing: Any
) -> None:
    await post_events(conn, RATES, [
        defect("d1", "2026-06-02T12:00:00+02:00", 1),
        defect("d2", "2026-06-02T12:00:00+02:00", 2, line="L2"),
    ])  # fmt: skip
    await bring_up_to_date(summing)
    await take_role(conn, DatabaseRole.REPORTING)
    await conn.execute("""set copq.lines = '[["north", "L2"]]'""")
    assert [after for _, _, after, *_ in await losses(conn)] == [20]
    assert await conn.fetchval("select sum(net) from copq.summary where grain = 'day'") == 20
    await conn.execute("set copq.lines = '[]'")
    assert await conn.fetchval("select count(*) from copq.summary") == 0
    assert await conn.fetchval("select count(*) from copq.summary_leaf") == 0
