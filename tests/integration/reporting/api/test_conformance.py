"""Conformance against failure: events of months in, points and an optimum or its refusal out."""

import random
from decimal import Decimal
from typing import Any

from tests.integration.reporting.api.test_coq import rated, spent
from tests.support.building import event, post_events, production
from tests.support.reporting.api.asking import Api

PATH = "/v1/coq/conformance"


def month(number: int, failed: int, total: Decimal, known: bool = True) -> list[bytes]:
    """1,000 units of which `failed` are bad; 3 a unit for conformance, the rest for failure."""
    at = f"{2024 + number // 12}-{number % 12 + 1:02}-10T12:00:00+00:00"
    good = {"good": 1000 - failed} if known else {}
    return [
        production(f"p{number}", at, 1000, **good),
        spent("prevention", f"t{number}", 2000, at), spent("inspection", f"i{number}", 1000, at),
        spent("complaint", f"c{number}", total - 3000, at),
    ]  # fmt: skip


def bent(months: int) -> list[bytes]:
    """The total a unit is lowest at a level of 95 %."""
    chance, events = random.Random(7), []
    for number in range(months):
        failed = 10 + 4 * number
        total = 10 + (failed / 1000 - 0.05) ** 2 * 1000 + chance.gauss(0, 0.02)
        events += month(number, failed, round(Decimal(total * 1000), 2))
    return events


async def test_the_level_with_the_lowest_total_has_its_interval(conn: Any, api: Api) -> None:
    book = await rated(conn)
    await post_events(conn, book, bent(24))
    answer = await api.get(PATH, from_="2024-01", plant="north")
    rows = answer["rows"]
    assert len(rows) == 24
    assert (rows[0]["level"], rows[0]["conformance"], rows[0]["units"]) == ("0.99", "3000", "1000")
    assert rows[0]["conformance_per_unit"] == "3"
    for row in rows:
        assert Decimal(row["conformance"]) + Decimal(row["failure"]) == Decimal(row["total"])
    [lowest] = [row for row in rows if row["is_lowest"]]
    assert lowest["total"] == min((row["total"] for row in rows), key=Decimal)
    [best] = answer["optima"]
    low, level, high = (Decimal(best[name]) for name in ("low", "level", "high"))
    assert low < level < high and low < Decimal("0.95") < high and high - low < Decimal("0.01")
    assert (best["currency"], best["confidence"], best["reason"]) == ("EUR", "0.95", None)
    table = await api.csv(PATH, from_="2024-01")
    assert [row["level"] for row in table] == [row["level"] for row in rows]


async def test_without_enough_months_there_is_the_reason(conn: Any, api: Api) -> None:
    book = await rated(conn)
    events = bent(11) + month(11, 40, Decimal(9000), known=False)
    events += [production("more", "2024-12-11T12:00:00+00:00", 5, good=5)]
    alone = spent("complaint", "alone", 5, "2025-01-10T12:00:00+00:00")
    await post_events(conn, book, [*events, alone])
    answer = await api.get(PATH, from_="2024-01")
    reasons = {row["from"]: row["reason"] for row in answer["rows"] if row["level"] is None}
    assert reasons == {
        "2024-12-01": "only some events report good units, so the level of conformance is unknown",
        "2025-01-01": "nothing was produced",
    }
    [best] = answer["optima"]
    assert best["level"] is None and best["reason"] == (
        "11 periods are not enough data: 12 are needed"
    )


async def test_units_that_no_event_calls_good_are_good_unless_rejected(conn: Any, api: Api) -> None:
    book = await rated(conn)
    at = "2026-06-10T12:00:00+00:00"
    scrap = event("scrap", "s", occurred_at=at, quantity=4, product="widget")
    await post_events(conn, book, [production("p", at, 100), scrap])
    [row] = (await api.get(PATH))["rows"]
    assert (row["level"], row["good"], row["is_lowest"]) == ("0.96", "96", True)
