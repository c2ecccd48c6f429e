"""Rates change for the past: the ledger ends as if everything had been priced again."""

import json
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from copq.figures.verify import verify
from copq.posting.late_pricing import settle
from copq.rates.store import import_rates, load
from copq.repricing.planning import plan
from copq.repricing.reach import RepricingScope
from copq.schemas.rates import RateFile
from tests.support.building import defect, event, post_events, production, rates, stop
from tests.support.repricing.oracle import afresh, at, reprice, state

DAY = "2026-03-02"
OLD = rates(recovery_rate="0.5", recovery_overhead_per_day="9")


def dearer(**widget: Any) -> RateFile:
    """A widget costs 14 after S2 and the input material 6; L1 4 a minute."""
    file = rates(**widget)
    stages = file.cost_tables[0].stages
    stages = (*stages[:1], stages[1].model_copy(update={"labour_overhead": Decimal(10)}))
    line = file.line_rates[0].model_copy(update={"rate_per_minute": Decimal(4)})
    return file.model_copy(update={
        "cost_tables": (file.cost_tables[0].model_copy(update={"stages": stages}),),
        "line_rates": (line, *file.line_rates[1:]),
    })  # fmt: skip


EVENTS = [
    production("p", f"{DAY}T10:00:00+01:00", 100),
    defect("d1", f"{DAY}T10:05:00+01:00", 5),
    defect("d2", f"{DAY}T10:06:00+01:00", 2, stage="S1"),
    event("rework", "w", occurred_at=f"{DAY}T11:00:00+01:00", product="widget", quantity=1),
    event("complaint", "c", occurred_at=f"{DAY}T11:00:00+01:00", minutes=30, out_of_pocket=5),
    stop("s1", f"{DAY}T10:10:00+01:00", f"{DAY}T12:20:00+01:00"),
    stop("s2", f"{DAY}T12:00:00+01:00", f"{DAY}T13:00:00+01:00", work_unit="M2", line="L1"),
    stop("open", f"{DAY}T15:00:00+01:00", work_unit="M3"),
    defect("late", "2026-03-05T10:05:00+01:00", 1),
    defect("gadget", f"{DAY}T10:05:00+01:00", 1, product="gadget"),
]


async def posted(conn: asyncpg.Connection, *files: RateFile, events: list[bytes]) -> None:
    """Events booked at the first file's rates; then the others come."""
    await import_rates(conn, files[0], "t", "t")
    await post_events(conn, await load(conn), events)
    for file in files[1:]:
        await import_rates(conn, file, "t", "t")


CHANGES = {
    "dearer": dearer(recovery_rate="0.5", recovery_overhead_per_day="9"),
    "nothing recovered": dearer(),
    "a dispatch costs more": rates(recovery_rate="0.5", recovery_overhead_per_day="12"),
    "a dispatch costs nothing": rates(recovery_rate="0.5"),
    "more recovered": rates(recovery_rate="1", recovery_overhead_per_day="9"),
}


@pytest.mark.parametrize("new", CHANGES.values(), ids=CHANGES.keys())
async def test_it_ends_with_what_pricing_everything_afresh_gives(
    conn: asyncpg.Connection, database: str, other_database: str, new: RateFile
) -> None:
    await posted(conn, OLD, new, events=EVENTS)
    run = await reprice(database)
    assert run is not None and (run.state, run.seen) == ("done", len(EVENTS))
    assert await verify(conn) == []
    await settle(conn, await load(conn))
    assert await state(conn) == await afresh(other_database, [OLD, new], [EVENTS])


@pytest.mark.parametrize("new", CHANGES.values(), ids=CHANGES.keys())
async def test_a_rate_that_is_taken_back_leaves_what_was_first_booked(
    conn: asyncpg.Connection, database: str, other_database: str, new: RateFile
) -> None:
    await posted(conn, new, OLD, events=EVENTS)
    await reprice(database)
    await import_rates(conn, new, "t", "t")
    await reprice(database)
    assert await verify(conn) == []
    await settle(conn, await load(conn))
    assert await state(conn) == await afresh(other_database, [OLD, new], [EVENTS])


async def test_entries_say_why_and_who_and_only_what_differs_is_booked_anew(
    conn: asyncpg.Connection, database: str
) -> None:
    await posted(conn, OLD, CHANGES["dearer"], events=EVENTS)
    await reprice(database)
    rows = await conn.fetch(
        "select event_id, entry_no, reverses, gross, reason, booked_by from copq.ledger "
        "where event_id = any($1) order by 1, 2", ["d1", "d2", "c"],
    )  # fmt: skip
    why = ("repriced: rate book revision 2", "ann")
    assert [tuple(row) for row in rows] == [
        ("c", 1, None, 35, None, None),
        ("d1", 1, None, 50, None, None),
        ("d1", 2, 1, -50, *why),
        ("d1", 3, None, 70, *why),
        ("d2", 1, None, 8, None, None),
    ]


async def test_what_stood_for_a_correction_does_so_once_it_is_priced_anew(
    conn: asyncpg.Connection, database: str, other_database: str
) -> None:
    """A defect, a stop whose time another report had, and the day's dispatch."""
    ended = stop("s4", f"{DAY}T10:10:00+01:00", f"{DAY}T12:40:00+01:00")
    events = [*EVENTS, _replaced("c1", "d1", defect("d3", f"{DAY}T10:05:00+01:00", 4)),
              _replaced("c2", "s1", ended)]  # fmt: skip
    new = CHANGES["dearer"]
    await posted(conn, OLD, new, events=events)
    await reprice(database)
    standing = {
        (row["event_id"], row["corrected_by"], row["booked_by"])
        for row in await conn.fetch(
            "select event_id, corrected_by, booked_by from copq.ledger as l "
            "where reverses is null and entry_no > 1 and element <> 'recovery_overhead' and not "
            "exists (select from copq.ledger as r "
            "where r.event_id = l.event_id and r.reverses = l.entry_no)"
        )
    }
    assert {("d3", "c1", "ann"), ("s4", "c2", "ann")} <= standing
    assert {of for of in standing if of[1]} == {("d3", "c1", "ann"), ("s4", "c2", "ann")}
    taken_back = await conn.fetch(
        "select distinct corrected_by from copq.ledger where reverses is not null "
        "and booked_by = 'ann'"
    )
    assert [row["corrected_by"] for row in taken_back] == [None]
    assert await verify(conn) == []
    assert await state(conn) == await afresh(other_database, [OLD, new], [events])


def _replaced(event_id: str, corrects: str, replacement: bytes) -> bytes:
    return event(
        "correction", event_id, corrects=corrects, reason="counted again", source="foreman",
        occurred_at=f"{DAY}T16:00:00+01:00", replacement=json.loads(replacement),
    )  # fmt: skip


async def test_the_plan_says_what_applying_changes_and_changes_nothing(
    conn: asyncpg.Connection, database: str
) -> None:
    await posted(conn, OLD, CHANGES["nothing recovered"], events=EVENTS)
    before = await state(conn)
    planned = await plan(database, RepricingScope(), lambda _: None, 3)
    assert await state(conn) == before
    run = await reprice(database, size=100)
    assert run is not None
    rows = await conn.fetch(
        "select plant, product, month, currency, kind, events, reversed, booked, base "
        "from copq.repricing_change order by 1, 2, 3, 4, 5"
    )
    assert [tuple(row) for row in rows] == [
        (*c.key, c.events, c.reversed, c.booked, c.base) for c in planned.changes
    ]
    assert (planned.seen, planned.unpriced) == (run.seen, run.unpriced)
    assert len(rows) >= 2


async def test_applying_again_changes_nothing(conn: asyncpg.Connection, database: str) -> None:
    await posted(conn, OLD, CHANGES["dearer"], events=EVENTS)
    await reprice(database)
    before = await conn.fetchval("select count(*) from copq.ledger")
    assert await reprice(database) is None
    assert (await plan(database, RepricingScope(), lambda _: None)).changes == []
    await conn.execute("update copq.repricing set plant = 'elsewhere'")  # as if it were not all
    run = await reprice(database)
    assert run is not None and run.seen == len(EVENTS)
    assert await conn.fetchval("select count(*) from copq.ledger") == before


async def test_an_event_that_loses_its_price_waits_and_is_priced_once_there_is_one(
    conn: asyncpg.Connection, database: str, other_database: str
) -> None:
    own = OLD.cost_tables[0].model_copy(update={"effective_from": at("2026-03-04T00:00:00+00:00")})
    shared = OLD.model_copy(
        update={"cost_tables": (OLD.cost_tables[0].model_copy(update={"plant": None}),),
                "line_rates": ()}
    )  # fmt: skip
    first = shared.model_copy(update={"line_rates": OLD.line_rates})
    ended = OLD.line_rates[0].model_copy(update={"effective_to": at("2025-01-01T00:00:00+00:00")})
    new = shared.model_copy(update={"cost_tables": (own,), "line_rates": (ended,)})
    await posted(conn, first, new, events=EVENTS)
    run = await reprice(database)
    assert run is not None and run.unpriced == 6
    assert await verify(conn) == []
    waiting = [row["event_id"] for row in await conn.fetch("select event_id from copq.unpriced")]
    assert {"p", "d1", "d2", "s1", "s2", "open"} <= set(waiting) and "late" not in waiting
    await import_rates(conn, OLD, "t", "t")
    await settle(conn, await load(conn))
    await reprice(database)
    assert await verify(conn) == []
    assert await state(conn) == await afresh(other_database, [first, new, OLD], [EVENTS])


async def test_only_what_is_asked_for_is_priced_anew(
    conn: asyncpg.Connection, database: str
) -> None:
    await posted(conn, OLD, CHANGES["dearer"], events=EVENTS)
    for asked, found in [
        (RepricingScope(plant="south"), set()),
        (RepricingScope(product="gizmo"), set()),
        (RepricingScope(first=at("2026-03-05T00:00:00").date()), {"late"}),
        (RepricingScope(until=at("2026-03-05T00:00:00").date(), product="widget"), {"p", "d1"}),
        (RepricingScope(), {"s1", "s2"}),
    ]:
        before = await conn.fetchval("select count(*) from copq.ledger")
        await reprice(database, asked)
        rows = await conn.fetch(
            "select distinct event_id from copq.ledger where reverses is not null "
            "and (select count(*) from copq.ledger) <> $1 and booked_by = 'ann' "
            "and reason = 'repriced: rate book revision 2' and booked_at >= "
            "(select max(started_at) from copq.repricing) and element <> 'recovery_overhead'",
            before,
        )
        assert {row["event_id"] for row in rows} == found, asked
        assert await verify(conn) == []


async def test_the_daily_dispatch_follows_a_table_that_changes_before_the_day_begins_to_reject(
    conn: asyncpg.Connection, database: str, other_database: str
) -> None:
    """The table in force as the day starts speaks for all of it; what was rejected came later."""
    events = [defect("d", f"{DAY}T20:00:00+01:00", 5)]
    first = OLD.cost_tables[0]
    morning = first.model_copy(update={
        "effective_from": at("2026-03-02T05:00:00+01:00"), "recovery_overhead_per_day": Decimal(20),
    })  # fmt: skip
    noon = first.model_copy(update={"effective_from": at("2026-03-02T12:00:00+01:00")})
    before = OLD.model_copy(update={"cost_tables": (first, noon)})
    after = OLD.model_copy(update={"cost_tables": (morning,)})
    await posted(conn, before, after, events=events)
    await reprice(database)
    assert await verify(conn) == []
    assert await state(conn) == await afresh(other_database, [before, after], [events])
    query = "select sum(net) from copq.rollup where grain = 'day' and element = 'recovery_overhead'"
    assert await conn.fetchval(query) == 20
