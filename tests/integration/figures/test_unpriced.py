"""What the figures lack is counted, with the reason."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from copq.figures.unpriced import WaitingCounts, count_waiting, waiting_items
from copq.ledger.figures import Scope
from copq.posting.late_pricing import settle
from copq.rates.store import import_rates, load
from copq.schemas.rates import RateFile, Stage
from tests.support.building import book, defect, event, plant, post_events, production, rates, stop

NOW = datetime.fromisoformat("2026-03-02T11:00:00+01:00")


async def test_reasons_corrections_and_open_stops(conn: Any) -> None:
    rates = book()
    at = "2026-03-02T10:00:00+01:00"
    correction = {"corrects": "unknown", "reason": "typing error", "occurred_at": at}
    events = [
        defect("u1", at, product="gadget"),
        defect("u2", "2026-03-02T10:07:00+01:00", product="gadget"),
        defect("u3", at, stage="S9"),
        event("correction", "c", **correction),
        stop("s1", at, work_unit="M1"),
        stop("s2", "2026-03-02T10:30:00+01:00", work_unit="M2"),
        stop("over", "2026-03-02T09:00:00+01:00", work_unit="M3"),
        stop("over2", "2026-03-02T09:00:00+01:00", "2026-03-02T09:01:00+01:00", work_unit="M3"),
    ]
    await post_events(conn, rates, events)
    found = await waiting_items(conn, rates, NOW, 50)
    assert [(g.events, g.product) for g in found.unpriced.groups] == [(2, "gadget"), (1, "widget")]
    assert 'stage "S9"' in found.unpriced.groups[1].reason
    assert [c.corrects for c in found.corrections] == ["unknown"]
    costs = {s.open.stop.event_id: s.cost for s in found.open_stops.stops}
    assert costs == {"s1": 120, "s2": 0}
    assert await count_waiting(conn, Scope(), NOW) == WaitingCounts(3, 1, 2, NOW)


@pytest.mark.parametrize(
    ("scope", "unpriced", "corrections", "stops"),
    [
        (Scope(), 4, 2, 2),
        (Scope("north"), 3, 1, 1),
        (Scope("north", "L2"), 1, 0, 0),
        (Scope("south"), 1, 1, 1),
        (Scope(product="gadget"), 3, 2, 1),
        (Scope("north", product="widget"), 0, 1, 0),
        (Scope(element="planned_stop"), 4, 2, 1),
        (Scope("east"), 0, 0, 0),
    ],
)
async def test_what_waits_is_counted_of_what_is_asked_for(
    conn: Any, scope: Scope, unpriced: int, corrections: int, stops: int
) -> None:
    at = "2026-03-02T10:00:00+01:00"
    void = {"corrects": "unknown", "reason": "typing error", "occurred_at": at}
    events = [
        defect("u1", at, product="gadget"),
        defect("u2", at, product="gadget", line="L2"),
        defect("u3", at, product="gadget", plant="south"),
        stop("u4", at, "2026-03-02T10:10:00+01:00", line="L9"),
        event("correction", "c1", **void),
        event("correction", "c2", plant="south", **void),
        stop("s1", at, product="gadget"),
        stop("s2", at, plant="south", planned=True),
    ]
    await post_events(conn, book(plant("north"), plant("south")), events)
    assert await count_waiting(conn, scope, NOW) == WaitingCounts(unpriced, corrections, stops, NOW)


async def test_nothing_waits_in_an_empty_database(conn: Any) -> None:
    assert await count_waiting(conn, Scope(), NOW) == WaitingCounts(0, 0, 0, NOW)


async def test_what_waits_is_worth_about_what_the_nearest_rate_says(conn: Any) -> None:
    await import_rates(conn, rates(), "rates.yaml", "test")
    early = "2019-12-31T10:00:00+01:00"
    events = [
        defect("u1", early, 3),
        defect("u2", early, 4, stage="S1"),
        defect("u3", early, 1, product="gadget"),
        production("p", early, 7),
        stop("ended", early, "2019-12-31T10:10:00+01:00"),
        stop("open", "2019-12-31T11:00:00+01:00", line="L2"),
    ]
    await post_events(conn, await load(conn), events)
    now = datetime.fromisoformat("2019-12-31T11:30:00+01:00")
    found = (await waiting_items(conn, await load(conn), now, 50)).unpriced.groups
    about = {(g.event_type, g.product, g.line): (g.worth, g.base, g.currency) for g in found}
    assert about == {
        ("defect", "widget", "L1"): (46, 0, "EUR"),
        ("defect", "gadget", "L1"): (None, None, None),
        ("production", "widget", "L1"): (0, 70, "EUR"),
        ("downtime", None, "L1"): (20, 0, "EUR"),
        ("downtime", None, "L2"): (90, 0, "EUR"),
    }
    assert {g.product: (g.unknown, g.first_version) for g in found if g.event_type == "defect"} == {
        "widget": (0, 1), "gadget": (1, None),
    }  # fmt: skip
    assert await conn.fetchval("select count(*) from copq.ledger") == 0


async def test_an_estimate_follows_the_rates_and_goes_once_there_is_a_price(conn: Any) -> None:
    await import_rates(conn, rates(), "rates.yaml", "test")
    early = "2019-12-31T10:00:00+01:00"
    await post_events(conn, await load(conn), [defect("u", early, 3)])
    nearer = _from("2019-12-31T12:00:00+01:00", "7")
    await import_rates(conn, nearer, "nearer.yaml", "test")
    await settle(conn, await load(conn))
    [group] = (await waiting_items(conn, await load(conn), NOW, 50)).unpriced.groups
    assert (group.worth, group.first_version) == (21, 2)
    await import_rates(conn, _from(early, "5"), "there.yaml", "test")
    await settle(conn, await load(conn))
    assert (await waiting_items(conn, await load(conn), NOW, 50)).unpriced.groups == []
    [booked] = await conn.fetch("select net, day, rate_version from copq.ledger")
    assert (booked["net"], str(booked["day"]), booked["rate_version"]) == (15, "2019-12-31", 3)


def _from(start: str, cost: str) -> RateFile:
    [table] = rates().cost_tables
    stage = Stage(stage="S2", raw_material=Decimal(cost))
    at = datetime.fromisoformat(start)
    return RateFile(
        cost_tables=(table.model_copy(update={"effective_from": at, "stages": (stage,)}),)
    )
