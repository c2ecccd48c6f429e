"""Pareto of what costs most."""

from datetime import date
from decimal import Decimal
from typing import Any

from services.reporting.drivers import drivers
from tests.building import book, defect, event, plant, post_events, stop

MARCH = (date(2026, 3, 1), date(2026, 4, 1))


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
    found = await drivers(conn, *MARCH)
    assert [(d.element, d.defect_code, d.work_unit, d.net, d.cumulative_share) for d in found] == [
        ("defect", "jam", None, 60, Decimal("0.6")),
        ("downtime", None, "M1", 30, Decimal("0.9")),
        ("defect", "scratch", None, 10, Decimal(1)),
    ]
    assert [d.share for d in found] == [Decimal("0.6"), Decimal("0.3"), Decimal("0.1")]
    assert [d.net for d in await drivers(conn, *MARCH, top=1, line="L2")] == [30]


async def test_a_production_day_that_ends_in_the_next_month_is_in(conn: Any) -> None:
    rates = book(plant(day_start="06:00"))
    events = [
        defect("in", "2026-04-01T05:59:00+02:00", 1),
        defect("out", "2026-04-01T06:00:00+02:00", 1),
    ]
    await post_events(conn, rates, events)
    (only,) = await drivers(conn, *MARCH)
    assert only.net == 10


async def test_currencies_are_ranked_apart(conn: Any) -> None:
    rates = book(plant(), plant("south", currency="USD"))
    events = [
        defect("d1", "2026-03-02T10:00:00+01:00", 3),
        defect("d2", "2026-03-02T10:00:00+01:00", 4, plant="south"),
    ]
    await post_events(conn, rates, events)
    found = await drivers(conn, *MARCH)
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
    assert [(d.defect_code, d.net) for d in await drivers(conn, *MARCH)] == [("belt", 40)]
