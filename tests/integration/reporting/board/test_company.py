"""All plants together: the page and the API against an independent sum, and who sees what."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from asyncpg import Connection

from copq.access.door import OpenDoor
from copq.currencies.store import set_reporting
from copq.groups.store import import_groups
from copq.rates.store import import_rates, load
from copq.schemas.groups import GroupFile
from copq.schemas.targets import TargetFile
from copq.targets.store import import_targets
from tests.support.building import defect, plant, post_events, production, rates, stop
from tests.support.currencies.site import FINANCE, JPY, SEK, publish, three_plants
from tests.support.desk.asking import desk_client
from tests.support.periods.building import shut
from tests.support.reporting.api.asking import Api, LinesDoor
from tests.support.reporting.api.shared_app import asking
from tests.support.reporting.pages import page

MARCH = "2026-03"
RATES = {("SEK", date(2026, 2, 10)): Decimal("0.0911"), ("SEK", date(2026, 3, 2)): SEK,
         ("SEK", date(2026, 3, 17)): Decimal("0.0887123456789")}  # fmt: skip
DAYS = ("2026-02-10", "2026-03-02", "2026-03-17")


@pytest.fixture
async def api(database: str) -> AsyncIterator[Api]:
    async with asking(database, Api(OpenDoor()), board=True) as found:
        yield found


async def filled(conn: Connection) -> None:
    """Three plants, two months; the yen has no rate."""
    book = await three_plants(conn)
    await publish(conn, *((name, day, rate) for (name, day), rate in RATES.items()))
    events = [
        event
        for place in ("north", "gavle", "osaka")
        for number, day in enumerate(DAYS, 1)
        for event in (
            defect(f"{place}-{day}", f"{day}T10:00:00+01:00", 3 * number, plant=place),
            production(f"{place}-{day}-p", f"{day}T10:00:00+01:00", 70, plant=place),
        )
    ]
    await post_events(conn, book, events)


async def in_euros(api: Api, plant: str, month: str) -> Decimal:
    """The plant's own figures of each day, each converted here with the rate of its day."""
    said = await api.get("/v1/copq", grain="day", by="", plant=plant, from_=month,
                         to=f"2026-{int(month[-2:]) + 1:02}")  # fmt: skip
    return sum(
        (Decimal(row["copq"]) * _rate(row["currency"], row["from"]) for row in said["rows"]),
        Decimal(0),
    )


def _rate(currency: str, day: str) -> Decimal:
    return Decimal(1) if currency == "EUR" else RATES[currency, date.fromisoformat(day)]


def of(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    [row] = [row for row in said["plants"] if row["plant"] == name]
    return dict(row)


async def test_the_total_is_the_sum_of_the_plants_at_the_rates_of_their_days(
    conn: Any, api: Api
) -> None:
    await filled(conn)
    said = await api.get("/v1/company", month=MARCH)
    north, gavle = await in_euros(api, "north", MARCH), await in_euros(api, "gavle", MARCH)
    assert (Decimal(of(said, "north")["copq"]), Decimal(of(said, "gavle")["copq"])) == (
        north,
        gavle,
    )
    total = said["total"]
    assert Decimal(total["copq"]) == north + gavle and north and gavle
    before = await in_euros(api, "north", "2026-02") + await in_euros(api, "gavle", "2026-02")
    assert Decimal(total["copq_before"]) == before
    assert Decimal(total["change"]) == north + gavle - before
    osaka = of(said, "osaka")
    own = await api.get("/v1/copq", grain="month", by="", plant="osaka", from_=MARCH, to="2026-04")
    [money] = osaka["own"]
    assert (money["own_currency"], money["own_copq"]) == ("JPY", own["rows"][0]["copq"])
    assert osaka["copq"] is None and osaka["left_out"] == "4 entries without an exchange rate"
    assert [row["plant"] for row in said["plants"]] == ["north", "gavle", "osaka"]
    asked = {"grain": "month", "by": "plant", "from_": MARCH, "to": "2026-04", "currency": "EUR"}
    report = {row["plant"]: row for row in (await api.get("/v1/copq", **asked))["rows"]}
    for name in report:
        shown = of(said, name)
        assert (shown["copq"], shown["base"]) == (report[name]["copq"], report[name]["base"])
    lines = await api.csv("/v1/company", month=MARCH)
    assert [row["copq"] for row in lines if row["row"] == "total"] == [total["copq"]]
    assert {row["plant"]: row["own_copq"] for row in lines if row["plant"]} == {
        name: of(said, name)["own"][0]["own_copq"] for name in ("north", "gavle", "osaka")
    }


async def test_the_page_names_what_has_no_rate_and_opens_each_board(conn: Any, api: Api) -> None:
    await filled(conn)
    shown = await page(api, "/company", month=MARCH)
    assert "Not in the total: no exchange rate" in shown.text
    assert "osaka: 150 JPY; 4 entries without an exchange rate" in shown.text
    assert "No exchange rate: 4 entries in JPY of 2 days" in shown.text
    boards = {link.text: link.href for link in shown.links if link.href.startswith("/?plant=")}
    assert boards == {
        name: f"/?plant={name}&day=2026-03-31" for name in ("north", "gavle", "osaka")
    }
    await publish(conn, ("JPY", date(2026, 2, 10), JPY))
    late = await api.get("/v1/company", month=MARCH)
    assert of(late, "osaka")["copq"] is None, "entries are converted when they are booked again"


async def test_a_month_that_runs_is_compared_with_its_same_part_and_counts_open_stops(
    conn: Any, api: Api
) -> None:
    await filled(conn)
    book = await load(conn)
    await post_events(conn, book, [
        stop("s", "2026-03-18T09:00:00+01:00", plant="gavle"),
        defect("early", "2026-02-18T09:30:00+01:00", 100),
        defect("after", "2026-02-18T12:30:00+01:00", 1000),
    ])  # fmt: skip
    api.now = datetime.fromisoformat("2026-03-18T11:00:00+01:00")
    said = await api.get("/v1/company")
    assert (said["month"], said["running"]) == (MARCH, True)
    assert [of(said, name)["open_stops"] for name in ("north", "gavle")] == [0, 1]
    assert Decimal(of(said, "north")["copq_before"]) == 30 + 1000, "up to 11:00 of the 18th"
    gavle = of(said, "gavle")
    assert Decimal(gavle["provisional"]) == 240 * RATES["SEK", date(2026, 3, 17)]
    assert Decimal(said["total"]["provisional"]) == Decimal(gavle["provisional"])
    assert (gavle["today_copq"], gavle["production_day"]) == (gavle["provisional"], "2026-03-18")
    shown = await page(api, "/company")
    assert "the same part of February 2026" in shown.text
    assert shown.table["gavle"][-1] == "21.29 EUR on 2026-03-18"
    assert shown.table["osaka"][-1].endswith("on 2026-03-18")
    assert {link.href for link in shown.links} >= {"/?plant=north", "/?plant=gavle"}


async def test_an_open_stop_counts_in_each_month_that_it_crosses(conn: Any, api: Api) -> None:
    await filled(conn)
    book = await load(conn)
    await post_events(conn, book, [stop("s", "2026-02-28T09:00:00+01:00")])
    api.now = datetime.fromisoformat("2026-04-02T11:00:00+02:00")
    march = await api.get("/v1/company", month=MARCH)
    february = await api.get("/v1/company", month="2026-02")
    for of_march, of_february in (
        (of(march, "north"), of(february, "north")), (march["total"], february["total"]),
    ):  # fmt: skip
        assert of_march["copq_before"] == of_february["copq"]
    assert Decimal(of(february, "north")["provisional"]) > 0
    asked = {"plant": "north", "from_": "2026-02", "to": "2026-03", "base": "cost of production"}
    report = (await api.get("/v1/coq", **asked))["rows"]
    [copq] = {row["amount"] for row in report if row["figure"] == "copq"}
    assert copq == of(march, "north")["copq_before"]
    api.now = datetime.fromisoformat("2026-03-28T11:00:00+01:00")
    north = of(await api.get("/v1/company"), "north")
    assert Decimal(north["copq_before"]) == 30 + 2 * 60 * 2, "the hours 9 and 10 of 28 February"


async def test_the_total_compares_the_same_plants_and_counts_their_open_stops(
    conn: Any, api: Api
) -> None:
    book = await three_plants(conn)
    await publish(conn, *((name, day, rate) for (name, day), rate in RATES.items()))
    await post_events(conn, book, [
        defect("old", "2026-02-10T10:00:00+01:00", 5),
        defect("new", "2026-03-02T10:00:00+01:00", 10, plant="gavle"),
        defect("yen", "2026-03-02T10:00:00+01:00", 10, plant="osaka"),
        stop("s", "2026-03-18T09:00:00+01:00", plant="osaka"),
    ])  # fmt: skip
    api.now = datetime.fromisoformat("2026-04-02T11:00:00+02:00")
    total = (await api.get("/v1/company", month=MARCH))["total"]
    assert Decimal(total["copq"]) == 100 * SEK
    assert Decimal(total["copq_before"]) == 50, "north has no entries now, and is compared"
    assert Decimal(total["change"]) == 100 * SEK - 50
    assert total["open_stops"] == 0, "osaka is not in the total"
    shown = await page(api, "/company", month=MARCH)
    assert "Total of 2 plants" in shown.table
    assert "Without entries in March 2026, so 0 in the total: north." in shown.text
    assert "Without entries in what is compared of February 2026, so 0: gavle." in shown.text
    book = await load(conn)
    january, kept = "2026-01-10T10:00:00+01:00", "2026-02-11T10:00:00+01:00"
    late = [defect("no", january, plant="gavle"), defect("yes", kept, plant="gavle")]
    await post_events(conn, book, late)
    february = await api.get("/v1/company", month="2026-02")
    assert february["total"]["copq_before"] is None, "January has no rate for the krona"


async def test_each_plant_is_compared_by_its_own_production_day(conn: Any, api: Api) -> None:
    await filled(conn)
    api.now = datetime.fromisoformat("2026-02-28T23:30:00+01:00")
    said = await api.get("/v1/company")
    assert (said["month"], said["running"]) == ("2026-02", True)
    assert [
        (of(said, name)["production_day"], of(said, name)["running"]) for name in ("north", "osaka")
    ] == [("2026-02-28", True), ("2026-03-01", False)]
    shown = await page(api, "/company")
    assert "against January 2026, of gavle, north the same part of it." in shown.text
    days = "The production day now: 2026-03-01 at osaka; 2026-02-28 at gavle, north."
    assert days in shown.text
    march = await api.get("/v1/company", month=MARCH)
    assert of(march, "north")["copq_before"] is None, "March has not begun there"
    shown = await page(api, "/company", month=MARCH)
    assert "as March 2026 has not begun there: gavle, north" in shown.text


async def test_targets_budgets_and_what_finance_has_signed(conn: Any, api: Api) -> None:
    await filled(conn)
    book = await load(conn)
    file = TargetFile.model_validate({
        "targets": [
            {"ratio": "0.9", "effective_from": "2026-01-01T00:00:00Z"},
            {"plant": "north", "ratio": "0.01", "effective_from": "2026-01-01T00:00:00Z"},
        ],
        "budgets": [{"plant": "gavle", "amount": "1000",
                     "effective_from": "2026-01-01T00:00:00Z"}],
    })  # fmt: skip
    await import_targets(conn, file, book, "targets.yaml", FINANCE)
    await shut(conn, "2026-02", "north")
    await shut(conn, MARCH, "north")
    said = await api.get("/v1/company", month=MARCH)
    north, gavle = of(said, "north"), of(said, "gavle")
    assert (north["target_share"], north["over_target"]) == ("0.01", True)
    assert (gavle["target_share"], gavle["over_target"]) == ("0.9", False)
    assert said["total"]["target_share"] == "0.9"
    assert (gavle["budget"], gavle["budget_currency"], gavle["budget_used"]) == (
        "1000", "SEK", "0.15",
    )  # fmt: skip
    assert (north["state"], gavle["state"]) == ("signed", "provisional")
    assert north["own"][0]["signed_copq"] == north["own"][0]["own_copq"] == "150"
    assert north["own"][0]["changed_since_signed"] is None
    await post_events(conn, book, [defect("late", "2026-03-20T10:00:00+01:00", 4)])
    late = of(await api.get("/v1/company", month=MARCH), "north")
    assert late["own"][0]["changed_since_signed"] == "40"
    shown = await page(api, "/company", month=MARCH)
    assert shown.table["north"][-2] == "signed; since then +40.00 EUR"


async def test_a_reader_sees_its_own_plants_and_lines_alone(conn: Any, api: Api) -> None:
    await import_rates(
        conn, rates(plant(lines=("L1", "L2")), plant("south"), plant("west")), "rates.yaml", "test"
    )
    await set_reporting(conn, "EUR", 7, FINANCE, "")
    book = await load(conn)
    at = "2026-03-02T10:00:00+01:00"
    await post_events(conn, book, [
        defect("a", at, 1), defect("b", at, 10, line="L2"), defect("c", at, 100, plant="south"),
        defect("d", at, 1000, plant="west"),
    ])  # fmt: skip
    api.door = LinesDoor(frozenset({("north", "L1"), ("south", None)}))
    said = await api.get("/v1/company", month=MARCH)
    assert {row["plant"]: (row["copq"], row["whole"]) for row in said["plants"]} == {
        "north": ("10", False), "south": ("1000", True),
    }  # fmt: skip
    assert said["total"]["copq"] == "1010"
    shown = await page(api, "/company", month=MARCH)
    words = "You see north, south, so the total is not that of the company."
    assert f"{words} Of north you see some lines alone." in shown.text
    assert "west" not in shown.table
    assert "/company" in {link.href for link in (await page(api, "/report")).links}
    api.door = LinesDoor(frozenset({("south", None)}))
    assert "/company" not in {link.href for link in (await page(api, "/report")).links}


async def test_without_a_reporting_currency_the_page_says_how_to_set_one(
    conn: Any, api: Api, database: str
) -> None:
    book = await three_plants(conn)
    await conn.execute("delete from copq.reporting_currency")
    at = "2026-03-02T10:00:00+01:00"
    await post_events(conn, book, [defect("a", at, 2), defect("b", at, 3, plant="gavle")])
    said = await api.get("/v1/company", month=MARCH)
    assert (said["currency"], said["total"]) == (None, None)
    assert "copq currencies set EUR" in said["currency_reason"]
    assert of(said, "gavle")["own"][0]["own_copq"] == "30"
    shown = await page(api, "/company", month=MARCH)
    assert "copq currencies set EUR" in shown.text
    assert shown.table["gavle"][0] == "30.00 SEK"
    to_desk = '<a href="/finance/files#currency">Set the reporting currency</a>'
    async with desk_client(database) as desk:
        assert to_desk in (await desk.get("/company")).text
        assert "/finance/files" not in (await desk.get("/company", by="manager:mia")).text


@pytest.mark.parametrize(
    ("asked", "why"),
    [("2026-13", "not a month"), ("2027-01", "has not begun"), ("x", "not a month")],
)
async def test_an_impossible_month_is_refused(conn: Any, api: Api, asked: str, why: str) -> None:
    await three_plants(conn)
    assert why in (await api.get("/v1/company", 422, month=asked))["detail"]
    assert why in (await page(api, "/company", 422, month=asked)).text


async def test_another_plant_keeps_the_filters_that_it_has(conn: Any, api: Api) -> None:
    await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    book, at = await load(conn), "2026-03-02T10:00:00+01:00"
    events = [defect("a", at), defect("c", at, line="L2"), defect("b", at, plant="south")]
    await post_events(conn, book, events)
    item = {"plant": "north", "grouping": "family", "product": "widget", "group": "small"}
    await import_groups(conn, GroupFile.model_validate({"groups": [item]}), book, "g", FINANCE)
    for line, kept in (("L1", ["line"]), ("L2", [])):
        said = await api.get("/v1/board", plant="north", line=line)
        assert {of["plant"]: of["keeps"] for of in said["plants"]} == {
            "north": ["line"], "south": kept,
        }  # fmt: skip
        answer = await api.client.get("/why", params={"plant": "north", "line": line})
        [keeps] = re.findall(r'data-keeps="([^"]*)"', answer.text)
        assert json.loads(unescape(keeps)) == {"": ["line"], "north": ["line"], "south": kept}
    said = await api.get("/v1/board", plant="north", group="small", grouping="family")
    assert [of["keeps"] for of in said["plants"]] == [["group", "grouping"], []]
    shown = await page(api, "/problems", plant="north", line="L1")
    hrefs = {link.href for link in shown.links}
    assert {"/?plant=north&line=L1", "/why?plant=north&line=L1", "/pack?plant=north"} <= hrefs
