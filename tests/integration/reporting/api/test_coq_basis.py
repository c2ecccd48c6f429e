"""The cost-of-quality report as first reported, as of an instant and as restated, and its trend."""

from datetime import UTC, date, datetime
from typing import Any

from copq.periods.closing import Order, close
from tests.integration.reporting.api.test_coq import (
    CARLA,
    JUNE,
    MAY,
    by_figure,
    filled,
    rated,
    set_bases,
    spent,
)
from tests.support.building import post_events
from tests.support.reporting.api.asking import Api


async def test_a_base_that_was_restated_after_the_closing_shows_as_such(
    conn: Any, api: Api
) -> None:
    book = await filled(conn)
    await set_bases(conn, book, {"amount": "6500", "month": "2026-05"})
    order, now = Order(CARLA, "the accounts are ready"), datetime.now(UTC)
    await close(conn, book.sites["north"], date(2026, 5, 1), order, now)
    closed = await conn.fetchval("select now()")
    await set_bases(
        conn, book, {"amount": "13000", "month": "2026-05"}, {"amount": "7", "base": "late"},
        {"amount": "5", "base": "late", "month": "2026-05"},
    )  # fmt: skip
    await post_events(conn, book, [spent("complaint", "late", 1300, MAY, plant="north")])
    asked = {"from_": "2026-05", "to": "2026-06", "plant": "north", "base": "revenue,late"}
    as_of = closed.astimezone(UTC).isoformat()
    api.now = datetime.now(UTC)
    found = {
        name: (answer["rows"][6], await api.get("/v1/coq", **asked, **basis))
        for name, basis in (
            ("restated", {}), ("first", {"as": "first-reported"}), ("before", {"as_of": as_of})
        )
        if (answer := await api.get("/v1/coq", **asked, **basis))
    }  # fmt: skip
    assert {name: (row["amount"], row["base_amount"], row["percentage"], row["reported"])
            for name, (row, _) in found.items()} == {
        "restated": ("2600", "13000", "20", "as restated"),
        "first": ("1300", "6500", "20", "as first reported"),
        "before": ("1300", "6500", "20", f"the ledger as of {as_of[:19]}+00:00"),
    }  # fmt: skip
    assert found["restated"][0]["flags"] == ["revenue of north in 2026-05 was restated"]
    late = {name: answer["rows"][13]["base_amount"] for name, (_, answer) in found.items()}
    assert late == {"restated": "5", "first": "5", "before": None}, "first set after the closing"


async def test_a_month_that_was_never_closed_is_flagged(conn: Any, api: Api) -> None:
    await filled(conn)
    answer = await api.get("/v1/coq", from_="2026-06", plant="north", **{"as": "first-reported"})
    assert answer["as"] == "first-reported"
    assert by_figure(answer)["coq"]["flags"] == ["as of now, not closed yet in north"]


async def test_a_month_stands_against_the_same_month_of_the_year_before(
    conn: Any, api: Api
) -> None:
    book = await rated(conn)
    events = [
        spent("complaint", f"c-{at}", amount, at)
        for at, amount in (("2025-06-10T12:00:00+00:00", 500), (MAY, 600), (JUNE, 400))
    ]
    await post_events(conn, book, events)
    row = by_figure(await api.get("/v1/coq", from_="2026-06"))["copq"]
    assert (row["previous"], row["change"], row["change_percent"]) == (
        "600", "-200", "-33.333333333",
    )  # fmt: skip
    assert (row["year_ago"], row["year_change"], row["year_change_percent"]) == (
        "500", "-100", "-20",
    )  # fmt: skip
    may = by_figure(await api.get("/v1/coq", from_="2026-05", to="2026-06"))["copq"]
    assert (may["year_ago"], may["year_change"], may["year_change_percent"]) == (None, None, None)


async def test_rows_and_their_comparisons_are_the_same_for_any_limit(conn: Any, api: Api) -> None:
    await filled(conn)
    asked = {"from_": "2026-05", "by": "line,plant"}
    whole = await api.get("/v1/coq", **asked)
    for limit in (1, 7, 8, 20, 41, 42):
        part = await api.get("/v1/coq", limit=limit, **asked)
        assert part["rows"] == whole["rows"][:limit], limit
        assert (part["rows_total"], part["totals"]) == (42, whole["totals"])
