"""Bytes are let go, entries never: what still works without them, and what says so."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from copq.access.authority import Actor
from copq.figures.books import Books
from copq.figures.entries import EntryFilter, Place, entries
from copq.figures.explaining import explain_entries
from copq.figures.verify import verify
from copq.periods.closing import Order as PeriodOrder
from copq.periods.closing import close, reopen
from copq.posting.late_pricing import settle
from copq.posting.partitions import make_partitions
from copq.posting.post import prepare
from copq.rates.file import parse_rates
from copq.rates.store import import_rates, load
from copq.retention.age import first_kept
from copq.retention.apply import Progress, apply
from copq.retention.bounds import bounds
from copq.retention.space import give_back
from copq.retention.store import EVENTS, Order, plan_events
from tests.support.building import defect, event, plant, post_events, production, rates, stop
from tests.support.patience import PATIENCE_S

ANN, WHY = Actor("ann"), "records policy 7.2"
OLD, NEW = "2024-01-15T10:00:00+01:00", "2024-03-05T10:00:00+01:00"
MARCH = Order(EVENTS, date(2024, 3, 1))


def correction(event_id: str, of: str, **more: Any) -> bytes:
    facts = {"occurred_at": NEW, "corrects": of, "reason": "counted twice", **more}
    return event("correction", event_id, **facts)


async def drop(conn: Any, order: Order = MARCH, batch: int = 3) -> list[Progress]:
    limits = await bounds(conn, await load(conn), order.before, order.plant)
    return [p async for p in apply(conn, order, limits, ANN, WHY, batch)]


async def with_bytes(conn: Any) -> list[str]:
    rows = await conn.fetch("select event_id from copq.event where payload is not null order by 1")
    return [row["event_id"] for row in rows]


async def ledger(conn: Any) -> list[Mapping[str, Any]]:
    return [dict(row) for row in await conn.fetch("select * from copq.ledger order by 3, 4, 1")]


async def post(conn: Any, *events: bytes) -> Any:
    return await post_events(conn, await load(conn), events)


@pytest.fixture
async def kept(conn: Any) -> Any:
    """A connection to a ledger with rates and partitions."""
    await make_partitions(conn, datetime(2024, 6, 1, tzinfo=UTC))
    await import_rates(conn, rates(), "rates.yaml", "finance")
    return conn


@pytest.mark.parametrize(
    ("age", "first"),
    [("24m", "2024-11-01"), ("2y", "2024-11-01"), ("1m", "2026-10-01"), ("11m", "2025-12-01")],
)
def test_months_go_whole(age: str, first: str) -> None:
    assert first_kept(age, date(2026, 11, 25)) == date.fromisoformat(first)


@pytest.mark.parametrize("age", ["", "0m", "24", "m", "-1m", "24d", "1.5y", "0y"])
def test_what_is_no_age_is_refused(age: str) -> None:
    with pytest.raises(ValueError, match="is not an age"):
        first_kept(age, date(2026, 11, 25))


async def test_bytes_go_and_rows_entries_and_figures_stay(kept: Any) -> None:
    old = [defect(f"d{n}", OLD, n) for n in range(1, 9)]
    old += [production("p", OLD), stop("s", OLD, "2024-01-15T11:00:00+01:00")]
    await post(kept, *old, defect("new", NEW, 2))
    before = await ledger(kept)
    done = (await drop(kept))[-1].run
    assert (done.dropped, done.bytes) == (10, sum(map(len, old)))
    assert await with_bytes(kept) == ["new"]
    assert await kept.fetchval("select count(*) from copq.event") == 11
    assert await ledger(kept) == before
    assert await verify(kept) == []


async def test_a_plants_day_is_its_own(conn: Any) -> None:
    """A day starts at six: the small hours of the first belong to the month before."""
    await import_rates(conn, rates(plant(), plant("pune", "Asia/Kolkata")), "r", "t")
    times = {"a": "2024-03-01T05:59:59+01:00", "b": "2024-03-01T06:00:00+01:00",
             "c": "2024-03-01T05:59:59+05:30", "d": "2024-03-01T06:00:00+05:30"}  # fmt: skip
    of = {"a": "north", "b": "north", "c": "pune", "d": "pune"}
    await post(conn, *(defect(i, at, plant=of[i]) for i, at in times.items()))
    await drop(conn, Order(EVENTS, MARCH.before, "pune"))
    assert await with_bytes(conn) == ["a", "b", "d"]
    await drop(conn)
    assert await with_bytes(conn) == ["b", "d"]


async def test_a_plant_that_closes_months_keeps_the_bytes_of_those_that_are_open(
    kept: Any,
) -> None:
    february = "2024-02-15T10:00:00+01:00"
    await post(kept, defect("january", OLD), defect("february", february), defect("new", NEW))
    site, order = (await load(kept)).sites["north"], PeriodOrder(ANN, "month end")
    january, now = date(2024, 1, 1), datetime(2024, 6, 1, tzinfo=UTC)
    await close(kept, site, january, order, now)
    await reopen(kept, "north", january, order)
    await drop(kept)
    assert await with_bytes(kept) == ["february", "january", "new"]
    await close(kept, site, january, order, now)
    await drop(kept)
    assert await with_bytes(kept) == ["february", "new"]
    assert await verify(kept) == []


async def test_an_event_that_is_sent_again_is_still_known(kept: Any) -> None:
    await post(kept, defect("a", OLD, 5))
    await drop(kept)
    again = await post(kept, defect("a", OLD, 5), defect("a", NEW, 7))
    assert (again.fresh, again.duplicates) == (0, {"a"})
    assert await kept.fetchval("select sum(net) from copq.ledger") == 50
    assert await with_bytes(kept) == []


async def test_a_correction_takes_back_what_was_booked_at_the_price_of_then(kept: Any) -> None:
    await post(kept, defect("a", OLD, 5))
    await drop(kept)
    dearer = "cost_tables: [{product: widget, plant: north, effective_from: 2020-01-01T00:00:00Z, "
    dearer += "currency: EUR, stages: [{stage: S2, raw_material: 99}]}]"
    await import_rates(kept, parse_rates(dearer), "dearer.yaml", "finance")
    await post(kept, correction("c", "a"))
    rows = await kept.fetch("select net, corrected_by from copq.ledger order by entry_no")
    assert [(row["net"], row["corrected_by"]) for row in rows] == [(50, None), (-50, "c")]
    await post(kept, correction("d", "c"))
    assert await kept.fetchval("select sum(net) from copq.ledger") == 50
    assert await verify(kept) == []


async def test_a_voided_stop_gives_its_time_to_those_it_hid(kept: Any) -> None:
    hour, more = "2024-01-15T11:00:00+01:00", "2024-01-15T10:30:00+01:00"
    await post(kept, stop("long", OLD, hour), stop("short", OLD, more))
    await drop(kept)
    await post(kept, correction("c", "long"))
    assert await kept.fetchval("select sum(net) from copq.ledger") == 60
    assert await verify(kept) == []


async def test_what_waits_for_a_price_keeps_its_bytes_until_it_has_one(kept: Any) -> None:
    await post(kept, defect("a", OLD, 5, product="gadget"))
    assert (await drop(kept))[-1].run.dropped == 0
    table = "cost_tables: [{product: gadget, plant: north, effective_from: 2020-01-01T00:00:00Z, "
    table += "currency: EUR, stages: [{stage: S2, raw_material: 3}]}]"
    await import_rates(kept, parse_rates(table), "gadget.yaml", "finance")
    assert await settle(kept, await load(kept)) == 1
    assert await kept.fetchval("select sum(net) from copq.ledger") == 15
    assert (await drop(kept))[-1].run.dropped == 1


async def test_what_was_never_booked_keeps_its_bytes_since_it_may_come_to_stand(kept: Any) -> None:
    """A replacement that another correction has put aside, and that comes back later."""
    brings = {"occurred_at": OLD, "replacement": json.loads(defect("b", OLD, 3))}
    later = {"replacement": json.loads(defect("c", OLD, 4))}
    await post(kept, defect("a", OLD, 5), correction("late", "a", **later))
    await post(kept, correction("early", "a", **brings))
    await drop(kept)
    assert await with_bytes(kept) == ["b", "late"]
    await post(kept, correction("undo", "late"))
    assert await kept.fetchval("select sum(net) from copq.ledger") == 30
    assert await verify(kept) == []
    await drop(kept)
    assert await with_bytes(kept) == ["late", "undo"]


async def test_an_explanation_says_who_dropped_the_bytes_and_when(kept: Any) -> None:
    await post(
        kept, defect("a", OLD, 5), defect("n", NEW, 5), stop("s", OLD, "2024-01-15T10:30:00+01:00")
    )
    await drop(kept)
    now = datetime.now(UTC)
    page = await entries(kept, EntryFilter(), Place(now), 10)
    told = {e.event_id: why for e, why in await explain_entries(kept, Books(), page.entries)}
    for of in ("a", "s"):
        assert told[of].agrees is None
        note = told[of].note or ""
        assert f"dropped by policy, ordered on {now:%Y-%m-%d} by ann" in note
    assert told["n"].agrees and told["n"].note is None


async def test_interrupted_it_goes_on_where_it_stopped(kept: Any) -> None:
    await post(kept, *(defect(f"d{n:02}", OLD, 1) for n in range(20)))
    limits = await bounds(kept, await load(kept), MARCH.before, None)
    async for progress in apply(kept, MARCH, limits, ANN, WHY, 6):
        if progress.run.dropped == 12:
            break
    assert len(await with_bytes(kept)) == 8
    done = await drop(kept, batch=6)
    assert done[-1].run.dropped == 20 and done[-1].run.number == progress.run.number
    [run] = await kept.fetch("select * from copq.retention")
    assert (run["dropped"], run["ordered_by"], run["why"]) == (20, "ann", WHY)
    assert run["finished_at"] is not None
    assert (await drop(kept))[-1].run.number > run["retention"]


async def test_the_disk_of_a_month_is_given_back_and_late_events_come_into_it(kept: Any) -> None:
    for start in range(0, 4_000, 1_000):
        raws = [defect(f"d{n}", OLD, 1, attributes={"note": f"{n:0500}"})
                for n in range(start, start + 1_000)]  # fmt: skip
        await post(kept, *raws)
    size = "select pg_total_relation_size('copq.event_2024_01')"
    before = await kept.fetchval(size)
    done = await drop(kept, batch=5_000)
    assert sum(p.given_back or 0 for p in done) >= before - await kept.fetchval(size)
    # The server's own analyze may see the old rows for a while.
    async with asyncio.timeout(PATIENCE_S):
        while await kept.fetchval(size) >= before / 3:
            await give_back(kept, date(2024, 1, 1), whole=True)
    await post(kept, defect("late", OLD, 1))
    assert await with_bytes(kept) == ["late"]


async def test_a_month_that_grows_as_it_is_swept_gives_nothing_back(kept: Any) -> None:
    """Vacuum makes a map of what is free, which a small partition did not have."""
    await post(kept, *(defect(f"d{n}", OLD, 1) for n in range(400)))
    size = "select pg_total_relation_size('copq.event_2024_01')"
    before = await kept.fetchval(size)
    assert await give_back(kept, date(2024, 1, 1), whole=False) == 0
    assert await kept.fetchval(size) > before


async def test_a_month_in_use_is_not_waited_for(kept: Any, database: str) -> None:
    await post(kept, defect("a", OLD, 1))
    reader = await asyncpg.connect(database)
    async with reader.transaction():
        await reader.fetch("select from copq.event_2024_01")
        done = await drop(kept)
    await reader.close()
    assert [p.month for p in done if p.busy] == [date(2024, 1, 1)]
    assert await with_bytes(kept) == []


async def test_beside_a_live_stream_nothing_is_lost_and_nothing_waits(
    kept: Any, database: str
) -> None:
    """Late events, corrections of what is being dropped, duplicates: all while it runs."""
    await post(kept, *(defect(f"old{n:03}", OLD, 1) for n in range(200)))
    stream = await asyncpg.connect(database)
    await prepare(stream)
    stop_, posted = asyncio.Event(), 0

    async def streaming() -> None:
        nonlocal posted
        while not stop_.is_set() or posted < 10:
            n = posted
            await post(stream, defect(f"late{n}", OLD, 1), defect(f"new{n}", NEW, 1),
                       defect(f"old{n:03}", OLD, 9), correction(f"c{n}", f"old{n:03}"))  # fmt: skip
            posted += 1

    live = asyncio.create_task(streaming())
    done = await drop(kept, batch=7)
    stop_.set()
    await live
    await stream.close()
    assert done[-1].run.dropped >= 200
    assert await verify(kept) == []
    total = await kept.fetchval("select sum(net) from copq.ledger")
    assert total == Decimal(10) * (200 + posted)


async def test_a_plan_says_what_would_go_and_changes_nothing(kept: Any) -> None:
    raws = [defect("a", OLD, 5), defect("b", OLD, 5)]
    await post(kept, *raws, defect("u", OLD, 5, product="?"), defect("new", NEW, 2))
    limits = await bounds(kept, await load(kept), MARCH.before, None)
    [row] = await plan_events(kept, limits)
    assert dict(row) == {
        "plant": "north", "month": date(2024, 1, 1), "events": 2, "bytes": sum(map(len, raws)),
        "kept": 1,
    }  # fmt: skip
    assert len(await with_bytes(kept)) == 4
