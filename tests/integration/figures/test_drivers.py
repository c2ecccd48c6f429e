"""Pareto of what costs most."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from copq.figures.drivers import Days, drivers
from tests.support.building import book, defect, event, plant, post_events, stop

MARCH = (date(2026, 3, 1), date(2026, 4, 1))
NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def test_worst_first_with_shares_of_all_losses(conn: Any) -> None:
    rates = book()
    events = [
        defect("d1", "2026-03-02T10:00:00+01:00", 3, defect_code="jam"),
        defect("d2", "2026-03-03T10:00:00+01:00", 3, defect_code="jam", line="L2"),
        defect("d3", "2026-03-03T10:00:00+01:00", 1, defect_code="scratch"),
        defect("april", "2026-04-01T07:00:00+02:00", 50),
        stop("s", "2026-03-02T10:00:00+01:00", "2026-03-02T10:15:00+01:00", work_unit="M1"),
        event("recovery", "r", occurred_at="2026-03-02T10:00:00+01:00", credit=500),
        event("inspection", "i", occurred_at="2026-03-02T10:00:00+01:00", minutes=900),
    ]
    await post_events(conn, rates, events)
    found = (await drivers(conn, rates, Days(*MARCH), NOW)).drivers
    assert [(d.element, d.defect_code, d.work_unit, d.net, d.cumulative_share) for d in found] == [
        ("defect", "jam", None, 60, Decimal("0.6")),
        ("downtime", None, "M1", 30, Decimal("0.9")),
        ("defect", "scratch", None, 10, Decimal(1)),
    ]
    assert [d.share for d in found] == [Decimal("0.6"), Decimal("0.3"), Decimal("0.1")]
    of_line = await drivers(conn, rates, Days(*MARCH, line="L2"), NOW, 1)
    assert [d.net for d in of_line.drivers] == [30]


async def test_a_production_day_that_ends_in_the_next_month_is_in(conn: Any) -> None:
    rates = book(plant(day_start="06:00"))
    events = [
        defect("in", "2026-04-01T05:59:00+02:00", 1),
        defect("out", "2026-04-01T06:00:00+02:00", 1),
    ]
    await post_events(conn, rates, events)
    (only,) = (await drivers(conn, rates, Days(*MARCH), NOW)).drivers
    assert only.net == 10


async def test_currencies_are_ranked_apart(conn: Any) -> None:
    rates = book(plant(), plant("south", currency="USD"))
    events = [
        defect("d1", "2026-03-02T10:00:00+01:00", 3),
        defect("d2", "2026-03-02T10:00:00+01:00", 4, plant="south"),
    ]
    await post_events(conn, rates, events)
    found = (await drivers(conn, rates, Days(*MARCH), NOW)).drivers
    assert [(d.rank, d.currency, d.share) for d in found] == [(1, "EUR", 1), (1, "USD", 1)]


async def test_a_reversed_stop_is_no_driver(conn: Any) -> None:
    rates = book()
    await post_events(
        conn,
        rates,
        [stop("a", "2026-03-02T10:00:00+01:00", "2026-03-02T10:15:00+01:00", defect_code="jam")],
    )
    later = stop("b", "2026-03-02T10:00:00+01:00", "2026-03-02T10:20:00+01:00", defect_code="belt")
    await post_events(conn, rates, [later])
    found = (await drivers(conn, rates, Days(*MARCH), NOW)).drivers
    assert [(d.defect_code, d.net) for d in found] == [("belt", 40)]


async def test_a_stop_still_open_is_a_driver_with_what_it_has_cost_until_now(conn: Any) -> None:
    """And a booked stop counts for the time that the open one leaves it."""
    rates = book()
    at = "2026-03-02T{}:00+01:00"
    await post_events(conn, rates, [
        stop("open", at.format("10:00"), work_unit="M1"),
        stop("ended", at.format("10:30"), at.format("11:10"), work_unit="M2"),
        defect("d", at.format("10:00"), 1),
    ])  # fmt: skip
    now = datetime.fromisoformat(at.format("11:00"))
    found = (await drivers(conn, rates, Days(*MARCH), now)).drivers
    assert [(d.work_unit, d.net, d.provisional, d.hours) for d in found] == [
        ("M1", 120, 120, 1), ("M2", 20, -60, Decimal("0.166666667")), (None, 10, 0, 0),
    ]  # fmt: skip
    assert [d.entries for d in found] == [0, 2, 1]


async def test_each_question_is_planned_for_its_own_days(conn: Any) -> None:
    """Postgres makes a plan for any days after five calls, which takes twice as long."""
    rates = book()
    await post_events(conn, rates, [defect("d", "2026-03-02T10:00:00+01:00", 5)])
    for _ in range(8):
        await drivers(conn, rates, Days(*MARCH), NOW)
    general = (
        "select sum(generic_plans) from pg_prepared_statements "
        "where statement ~ 'cumulative' and parameter_types <> '{}'"
    )
    assert await conn.fetchval(general) == 0
    assert await conn.fetchval("show plan_cache_mode") == "auto"
