"""`/v1/entries`: the sum of its pages is the figure, and each entry says how it came about."""

from decimal import Decimal
from typing import Any

import pytest

from copq.rates.store import import_rates
from tests.integration.reporting.api.test_figures import DAY, filled
from tests.support.building import book, defect, plant, post_events, rates, stop
from tests.support.periods.building import FEB, IN_FEB, IN_JAN, JAN, shut
from tests.support.periods.building import filled as filled_months
from tests.support.reporting.api.asking import Api


async def test_entries_behind_a_figure_add_up_to_it(conn: Any, api: Api) -> None:
    await filled(conn)
    for grain, bucket in (("day", DAY), ("month", "2026-06"), ("hour", f"{DAY}T11:00+02:00")):
        asked = {"grain": grain, "plant": "north", "from_": bucket}
        [row, *_] = (await api.get("/v1/copq", by="", **asked))["rows"]
        behind = await api.get(
            "/v1/entries", plant="north", category="copq", grain=grain, bucket=bucket
        )
        [total] = behind["totals"]
        assert total["net"] == row["copq"]
        assert sum(Decimal(e["net"]) for e in behind["entries"]) == Decimal(row["copq"])


async def test_each_filter_leaves_what_it_names(conn: Any, api: Api) -> None:
    await filled(conn)
    for asked, ids in (
        ({"line": "L2"}, ["d2"]),
        ({"element": "downtime"}, ["s1"]),
        ({"stage": "S2", "line": "L1"}, ["d3", "d1"]),
        ({"stage": ""}, ["s1", "p1"]),
        ({"defect_code": "burr"}, ["d1"]),
        ({"product": "widget", "category": "copq", "line": "L1"}, ["d3", "d1"]),
        ({"event_id": "d2"}, ["d2"]),
        ({"from_": f"{DAY}T11:00+02:00", "to": f"{DAY}T12:05:01+02:00"}, ["d2", "s1"]),
        ({"from_": "2026-06-30"}, ["d3"]),
    ):
        found = (await api.get("/v1/entries", plant="north", **asked))["entries"]
        assert [entry["event_id"] for entry in found] == ids, asked


async def test_an_entry_tells_event_rate_version_and_formula(conn: Any, api: Api) -> None:
    await filled(conn)
    [entry] = (await api.get("/v1/entries", event_id="d1"))["entries"]
    assert entry["formula"] == "3 pcs × 10 = 30.00"
    assert entry["agrees"] is True and entry["rate_version"] == 1
    assert entry["event"]["quantity"] == 3 and entry["event"]["defect_code"] == "burr"
    assert entry["occurred_at"] == f"{DAY}T10:05:00+02:00"


async def test_an_events_bytes_are_told_as_they_came(conn: Any, api: Api) -> None:
    await import_rates(conn, rates(), "test", "test")
    raw = defect("d", f"{DAY}T10:00:00+02:00", 1).replace(b'"quantity": 1', b'"quantity" : 1.10')
    assert b"1.10" in raw
    await post_events(conn, book(), [raw])
    [entry] = (await api.get("/v1/entries"))["entries"]
    assert entry["event_text"] == raw.decode() and entry["event"]["event_id"] == "d"
    [row] = await api.csv("/v1/entries")
    assert row["event"] == raw.decode() and "event_text" not in row


async def test_pages_hold_each_entry_once_while_events_arrive(conn: Any, api: Api) -> None:
    """Newer ones, older ones, and some at the very instant of the others."""
    await import_rates(conn, rates(), "test", "test")
    old = [defect(f"d{n:02}", f"{DAY}T10:{n % 5:02}:00+02:00") for n in range(30)]
    await post_events(conn, book(), old)
    seen, cursor, number = [], None, 0
    while True:
        asked: dict[str, str] = {"cursor": cursor} if cursor else {}
        page = await api.get("/v1/entries", limit=7, **asked)
        seen += [entry["event_id"] for entry in page["entries"]]
        number += 1
        late = [
            defect(f"late{number}{n}", f"{DAY}T10:{n:02}:00+02:00") for n in range(5)
        ]  # fmt: skip
        await post_events(conn, book(), late)
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 30
    assert set(seen) == {f"d{n:02}" for n in range(30)}
    assert (await api.get("/v1/entries"))["totals"][0]["entries"] == 30 + 5 * number


async def test_csv_has_all_pages_in_one(conn: Any, api: Api) -> None:
    await import_rates(conn, rates(), "test", "test")
    events = [defect(f"d{n:04}", f"{DAY}T10:00:{n % 60:02}+02:00") for n in range(1203)]
    events.append(defect("=cmd", f"{DAY}T11:00:00+02:00"))
    await post_events(conn, book(), events)
    rows = await api.csv("/v1/entries", plant="north")
    assert len(rows) == len({row["event_id"] for row in rows}) == 1204
    assert rows[0]["event_id"] == "'=cmd", "a spreadsheet must not take it for a formula"
    assert sum(Decimal(row["net"]) for row in rows) == 12040


@pytest.mark.parametrize("cursor", ["x", "eA==", "WzEsMiwzLDRd"])
async def test_a_cursor_of_ones_own_making_is_refused(api: Api, cursor: str) -> None:
    said = await api.get("/v1/entries", 422, cursor=cursor)
    assert "copy it unchanged" in said["detail"]


async def test_a_reversal_says_what_it_takes_back(conn: Any, api: Api) -> None:
    """A dearer stop that comes late takes over the time of the first."""
    await import_rates(conn, rates(plant(lines=("L1",))), "test", "test")
    first = stop("a", f"{DAY}T10:00:00+02:00", f"{DAY}T10:30:00+02:00")
    late = stop("b", f"{DAY}T09:50:00+02:00", f"{DAY}T10:10:00+02:00")
    await post_events(conn, book(), [first])
    await post_events(conn, book(), [late])
    found = (await api.get("/v1/entries", plant="north", event_id="a"))["entries"]
    said = {entry["formula"]: entry["net"] for entry in found}
    assert said == {
        "30 min × 2 = 60.00": "60",
        "reverses entry 1: −(30 min × 2 = 60.00)": "-60",
        "20 min × 2 = 40.00": "40",
    }
    assert all(entry["agrees"] for entry in found)


async def test_what_was_booked_in_a_month_for_another_opens(conn: Any, api: Api) -> None:
    """January is closed with 50; 20 more come for it, and are booked in February."""
    rates_ = await filled_months(conn)
    await post_events(conn, rates_, [defect("j", IN_JAN, 5)])
    await shut(conn, JAN)
    await post_events(conn, rates_, [defect("late", IN_JAN, 2), defect("f", IN_FEB, 3)])

    async def opened(**asked: str) -> list[str]:
        found = await api.get("/v1/entries", plant="north", **asked)
        return [entry["event_id"] for entry in found["entries"]]

    assert sorted(await opened(period=FEB)) == ["f", "late"]
    assert await opened(period=FEB, grain="month", bucket=JAN) == ["late"]
    assert await opened(period=JAN) == ["j"]
    first = {"grain": "month", "bucket": JAN, "as": "first-reported"}
    assert await opened(**first) == ["j"]
    assert sorted(await opened(grain="month", bucket=JAN)) == ["j", "late"]
