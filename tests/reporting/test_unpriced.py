"""What the figures lack is counted, with the reason."""

from datetime import datetime
from typing import Any

from services.reporting.unpriced import Held, held, waiting
from tests.building import book, defect, event, post_events, stop

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
    found = await waiting(conn, rates, NOW)
    assert [(g.events, g.product) for g in found.unpriced] == [(2, "gadget"), (1, "widget")]
    assert 'stage "S9"' in found.unpriced[1].reason
    assert [c.corrects for c in found.corrections] == ["unknown"]
    costs = {s.open.stop.event_id: s.cost for s in found.open_stops}
    assert costs == {"s1": 120, "s2": 0}
    assert await held(conn, NOW) == Held(3, 1, 2)


async def test_nothing_waits_in_an_empty_database(conn: Any) -> None:
    assert await held(conn, NOW) == Held(0, 0, 0)
