"""What arrives for a closed month: booked in the open one, restated, and not reported again."""

import asyncio
from typing import Any

import asyncpg
import pytest

from copq.figures.basis import As, Basis
from copq.figures.report import ReportQuery, report
from copq.figures.verify import verify
from copq.periods.period import PeriodError
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from tests.support.building import defect, plant, post_events, production, rates, stop
from tests.support.patience import PATIENCE_S
from tests.support.periods.building import (
    FEB,
    IN_FEB,
    IN_JAN,
    IN_MAR,
    JAN,
    MAR,
    NOW,
    booked,
    copq,
    filled,
    first_reported,
    locked,
    open_again,
    shut,
    voiding,
)


async def is_restated(conn: Any, first: int, restated: int) -> None:
    """January's figures on each basis, after proof that all is as it must be."""
    assert await verify(conn) == []
    assert await first_reported(conn, JAN) == first
    assert await copq(conn, JAN) == restated


async def waiting(conn: Any, number: int, task: "asyncio.Task[Any]") -> None:
    """Until so many connections wait for a lock."""
    here = (
        "select count(*) from pg_locks where not granted and database = ("
        "select oid from pg_database where datname = current_database())"
    )
    while await conn.fetchval(here) < number:
        assert not task.done(), task
        await asyncio.sleep(0)


async def test_an_event_of_an_open_month_is_booked_in_it_however_late(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("m", IN_MAR, 2)])
    await post_events(conn, book, [defect("j", IN_JAN, 1)])
    assert await booked(conn) == [(JAN, JAN, 10), (MAR, MAR, 20)]


async def test_a_late_event_of_a_closed_month_is_booked_in_the_open_one(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5), defect("f", IN_FEB, 2)])
    await shut(conn, JAN)
    await post_events(conn, book, [defect("late", IN_JAN, 1)])
    assert await booked(conn) == [(JAN, JAN, 50), (JAN, FEB, 10), (FEB, FEB, 20)]
    await is_restated(conn, 50, 60)


async def test_a_correction_in_a_closed_month_is_booked_in_the_open_one(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5)])
    await shut(conn, JAN)
    await post_events(conn, book, [voiding("c", "j", IN_JAN, defect("b", IN_JAN, 3))])
    assert await booked(conn) == [(JAN, JAN, 50), (JAN, FEB, -20)]
    await is_restated(conn, 50, 30)


async def test_a_stop_that_another_joins_is_booked_anew_in_the_open_month(conn: Any) -> None:
    book = await filled(conn)
    day = f"{JAN}-10T"
    await post_events(conn, book, [stop("s", f"{day}12:00:00Z", f"{day}12:30:00Z")])
    await shut(conn, JAN)
    await post_events(conn, book, [stop("t", f"{day}12:10:00Z", f"{day}12:50:00Z")])
    assert await booked(conn) == [(JAN, JAN, 60), (JAN, FEB, 40)]
    await is_restated(conn, 60, 100)


async def test_a_stop_open_at_the_closing_is_booked_in_the_open_month_as_it_ends(
    conn: Any,
) -> None:
    book = await filled(conn)
    began = f"{JAN}-10T12:00:00Z"
    await post_events(conn, book, [defect("j", IN_JAN, 5), stop("s", began)])
    with pytest.raises(PeriodError, match="1 stop still open"):
        await shut(conn, JAN)
    await shut(conn, JAN, accepted=["stops"])
    await post_events(conn, book, [stop("t", began, f"{JAN}-10T12:30:00Z")])
    assert await booked(conn) == [(JAN, JAN, 50), (JAN, FEB, 60)]
    await is_restated(conn, 50, 110)


async def test_an_unpriced_event_is_booked_in_the_open_month_once_it_has_its_price(
    conn: Any,
) -> None:
    book = await filled(conn)
    await post_events(
        conn, book, [defect("j", IN_JAN, 5), defect("u", IN_JAN, 4, product="gadget")]
    )
    with pytest.raises(PeriodError, match=r"1 event without a price.*--accept unpriced"):
        await shut(conn, JAN)
    await shut(conn, JAN, accepted=["unpriced"])
    file = rates(plant())
    [table] = file.cost_tables
    gadget = file.model_copy(
        update={"cost_tables": (table.model_copy(update={"product": "gadget"}),)}
    )
    await import_rates(conn, gadget, "gadget.yaml", "finance")
    assert await settle(conn, await load(conn)) == 1
    assert await booked(conn) == [(JAN, JAN, 50), (JAN, FEB, 40)]
    await is_restated(conn, 50, 90)


async def test_a_daily_recovery_that_goes_is_taken_back_in_the_open_month(conn: Any) -> None:
    book = await filled(conn, recovery_rate="0.5", recovery_overhead_per_day="9")
    await post_events(conn, book, [defect("j", IN_JAN, 5)])
    before = await copq(conn, JAN)
    await shut(conn, JAN)
    await post_events(conn, book, [voiding("c", "j", IN_JAN)])
    assert await booked(conn) == [(JAN, JAN, before), (JAN, FEB, -before)]
    await is_restated(conn, int(before), 0)


async def test_a_reopened_month_takes_what_comes_for_it_and_nothing_else(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5), defect("f", IN_FEB, 2)])
    await shut(conn, JAN)
    await shut(conn, FEB)
    await open_again(conn, FEB)
    await post_events(conn, book, [defect("f2", IN_FEB, 1)])
    await shut(conn, FEB)
    await post_events(conn, book, [defect("j2", IN_JAN, 1), defect("f3", IN_FEB, 1)])
    await open_again(conn, JAN)
    await post_events(conn, book, [defect("f4", IN_FEB, 1), defect("j3", IN_JAN, 1)])
    assert await booked(conn) == [
        (JAN, JAN, 60), (JAN, MAR, 10), (FEB, FEB, 30), (FEB, MAR, 20),
    ]  # fmt: skip
    assert await verify(conn) == []
    assert [await first_reported(conn, m) for m in (JAN, FEB)] == [50, 20]


async def test_the_second_closing_leaves_the_first_as_it_was(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5)])
    await shut(conn, JAN)
    await open_again(conn, JAN)
    await post_events(conn, book, [defect("k", IN_JAN, 1)])
    await shut(conn, JAN)
    rows = await conn.fetch("select closing, net from copq.closing_figure order by 1")
    assert [tuple(row) for row in rows] == [(1, 50), (2, 60)]
    await is_restated(conn, 50, 60)


async def test_a_month_never_closed_is_first_reported_as_it_is_and_says_so(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5), defect("f", IN_FEB, 2)])
    await post_events(conn, book, [stop("s", f"{FEB}-10T12:00:00Z")])
    await shut(conn, JAN)
    for grain in ("month", "day"):
        query = ReportQuery(grain=grain, basis=Basis(As.FIRST_REPORTED))
        rows = await report(conn, book, query, NOW)
        flags = {str(row.bucket)[:7]: row.flags for row in rows}
        assert flags[JAN] == []
        assert flags[FEB] == ["as of now, not closed yet in north"]


@pytest.mark.parametrize("grain", ["month", "day"])
@pytest.mark.parametrize("by", [(), ("line",), ("plant",)])
async def test_a_sum_over_plants_names_those_that_have_not_closed(
    conn: Any, grain: str, by: tuple[str, ...]
) -> None:
    names = ("north", "south", "west")
    await import_rates(conn, rates(*map(plant, names)), "rates.yaml", "finance")
    book = await load(conn)
    made = [defect(f"{n}-{at}", at, 2, plant=n) for n in names for at in (IN_JAN, IN_FEB)]
    await post_events(conn, book, [*made, production("p", IN_JAN, 9, plant="south")])
    await shut(conn, JAN)
    await post_events(conn, book, [defect("late", IN_JAN, 5)])
    query = ReportQuery(by=by, grain=grain, basis=Basis(As.FIRST_REPORTED))
    rows = await report(conn, book, query, NOW)
    flags: dict[str, list[str]] = {}
    for row in rows:
        flags.setdefault(str(row.bucket)[:7], []).extend(row.flags)
    said = "as of now, not closed yet in "
    if by == ("plant",):
        assert flags == {JAN: [said + n for n in names[1:]], FEB: [said + n for n in names]}
    else:
        assert flags == {JAN: [said + "south, west"], FEB: [said + "north, south, west"]}
    assert sum(row.copq for row in rows) == 6 * 20 and sum(row.base for row in rows) == 90


async def test_each_plant_has_its_own_months(conn: Any) -> None:
    await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "finance")
    book = await load(conn)
    await post_events(conn, book, [defect("n", IN_JAN), defect("s", IN_JAN, plant="south")])
    await shut(conn, JAN)
    await post_events(conn, book, [defect("n2", IN_JAN), defect("s2", IN_JAN, plant="south")])
    rows = await conn.fetch("select event_id from copq.ledger where period = '2026-02-01'")
    assert [row["event_id"] for row in rows] == ["n2"]


async def test_a_batch_under_way_is_booked_in_the_month_before_it_closes(
    conn: Any, database: str
) -> None:
    book = await filled(conn)
    other = await asyncpg.connect(database)
    transaction = conn.transaction()
    await transaction.start()
    await post_events(conn, book, [defect("j", IN_JAN, 5)])
    closing = asyncio.create_task(shut(other, JAN))
    await waiting(conn, 1, closing)
    await transaction.commit()
    await closing
    assert await booked(conn) == [(JAN, JAN, 50)]
    assert await conn.fetchval("select net from copq.closing_figure") == 50
    await other.close()


async def test_a_batch_that_waits_for_a_closing_is_booked_in_the_open_month(
    conn: Any, database: str
) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5)])
    others = [await asyncpg.connect(database) for _ in range(2)]
    await prepare(others[1])
    async with conn.transaction():
        await conn.execute("lock table copq.period_step")
        closing = asyncio.create_task(shut(others[0], JAN))
        await waiting(conn, 1, closing)
        posting = asyncio.create_task(post_events(others[1], book, [defect("late", IN_JAN, 1)]))
        await waiting(conn, 2, posting)
    await asyncio.gather(closing, posting)
    assert await booked(conn) == [(JAN, JAN, 50), (JAN, FEB, 10)]
    await is_restated(conn, 50, 60)
    for other in others:
        await other.close()


async def test_nothing_leads_out_of_locked(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5)])
    with pytest.raises(PeriodError, match="close it first"):
        await locked(conn, JAN)
    await shut(conn, JAN)
    await locked(conn, JAN)
    with pytest.raises(PeriodError, match="it stays locked"):
        await open_again(conn, JAN)
    for statement in (
        "update copq.period set state = 'open', booked_in = null",
        "update copq.period set state = 'closed'",
        "delete from copq.period",
        "truncate copq.period cascade",
        "update copq.period_step set why = 'another'",
        "delete from copq.closing",
        "update copq.closing_figure set net = 0",
    ):
        with pytest.raises((asyncpg.RaiseError, asyncpg.RestrictViolationError)):
            await conn.execute(statement)
    await post_events(conn, book, [defect("late", IN_JAN, 1)])
    await is_restated(conn, 50, 60)


async def test_the_next_month_closes_while_one_is_being_signed_off(
    conn: Any, database: str
) -> None:
    """Adding up a month takes a while: what waited for that would hold up the stream."""
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5), defect("f", IN_FEB, 2)])
    others = [await asyncpg.connect(database) for _ in range(2)]
    async with conn.transaction():
        await conn.execute("lock table copq.closing_figure")
        first = asyncio.create_task(shut(others[0], JAN))
        await waiting(conn, 1, first)
        second = asyncio.create_task(shut(others[1], FEB))
        async with asyncio.timeout(PATIENCE_S):
            while await conn.fetchval("select count(*) from copq.period_step") < 2:
                await asyncio.sleep(0.01)
    await asyncio.gather(first, second)
    assert await verify(conn) == []
    for other in others:
        await other.close()
