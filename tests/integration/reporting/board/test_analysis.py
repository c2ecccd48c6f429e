"""The pages next to the board: the same answers as the API, for people, in one frame."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from copq.access.door import OpenDoor
from copq.rates.store import import_rates, load
from copq.reporting.board.pages.all import ANALYSES
from tests.integration.figures.test_why import bad_lot
from tests.integration.reporting.api.test_conformance import bent
from tests.integration.reporting.api.test_coq import rated
from tests.integration.reporting.api.test_questions import HOSTILE
from tests.support.building import (
    book,
    defect,
    plant,
    post_events,
    post_with_rates,
    production,
    rates,
    stop,
)
from tests.support.portfolio import caps, judged
from tests.support.reporting.api.asking import Api, LinesDoor, RoleDoor
from tests.support.reporting.api.shared_app import asking
from tests.support.reporting.pages import entries_agree, page
from tests.support.searching import soaking

PATHS = [analysis.path for analysis in ANALYSES]


@pytest.fixture
async def api(database: str) -> AsyncIterator[Api]:
    async with asking(database, Api(OpenDoor()), board=True) as found:
        yield found


async def test_the_report_shows_conformance_against_failure_and_the_optimum(
    conn: Any, api: Api
) -> None:
    """Or why there is none: of too few months, and of months without units."""
    await post_events(conn, await rated(conn), bent(24))
    shown = await report(api, "2024-01")
    assert "The total is lowest at a level of 9" in shown and "with 95 % confidence" in shown
    [plot] = [json.loads(text) for text in plots(shown) if '"scatter"' in text]
    assert len(plot["steps"]) == 24 and plot["steps"] == sorted(plot["steps"], key=Decimal)
    totals = [Decimal(total) for total in plot["series"][2]["values"]]
    assert totals[plot["lowest"]] == min(totals)
    low, best, high = map(Decimal, plot["optimum"])
    assert low < best < high and shown.count(", the lowest total so far") == 1
    few = await report(api, "2025-10")
    assert "No optimum in EUR: 3 periods are not enough data: 12 are needed." in few
    assert json.loads(plots(few)[-1])["optimum"] == []
    for link in re.findall(r'href="(/v1/coq/conformance[^"]+)"', shown):
        assert (await api.client.get(unescape(link))).status_code == 200


async def report(api: Api, first: str) -> str:
    answer = await api.client.get("/report", params={"plant": "north", "from": first})
    assert answer.status_code == 200
    return str(answer.text)


def plots(shown: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'data-plot="([^"]*)"', shown)]


async def fill(conn: Any) -> None:
    """Two plants; in June more burrs on L1 than in May, and a stop that is still open."""
    lines = plant(lines=("L1", "L2"))
    await import_rates(conn, rates(lines, plant("south")), "rates.yaml", "test")
    events = [
        event
        for month, rejects in (("05", 2), ("06", 9))
        for day in range(1, 21)
        for event in (
            production(f"p{month}{day}", f"2026-{month}-{day:02}T10:00:00Z", 100),
            defect(f"d{month}{day}", f"2026-{month}-{day:02}T10:05:00Z", rejects,
                   defect_code="burr"),
            production(f"q{month}{day}", f"2026-{month}-{day:02}T10:00:00Z", 100, line="L2"),
            *(defect(f"e{month}{day}{line}{code}", f"2026-{month}-{day:02}T10:06:00Z", 1,
                     line=line, defect_code=code)
              for line in ("L1", "L2") for code in ("scratch", "crack", "dent")),
        )
    ]  # fmt: skip
    south = {"plant": "south", "line": "L1"}
    more = [
        stop("s1", "2026-06-30T11:00:00Z", line="L2", work_unit="M1"),
        production("ps", "2026-06-10T10:00:00Z", 50, **south),
        defect("ds", "2026-06-10T10:05:00Z", 4, **south),
    ]
    await post_events(conn, await load(conn), [*events, *more])


@pytest.mark.parametrize("path", PATHS)
async def test_who_may_not_see_figures_sees_no_page(api: Api, path: str) -> None:
    api.door = RoleDoor()
    answer = await api.client.get(path, params={"plant": "north"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next=%2F{path[1:]}%3Fplant%3Dnorth"
    refused = await api.client.get(path, headers={"authorization": "Bearer operator"})
    assert refused.status_code == 403 and "for managers and finance" in refused.text


@pytest.mark.hypothesis
@pytest.mark.parametrize("path", PATHS)
async def test_whatever_an_address_holds_the_page_says_what_is_wrong(
    conn: Any, api: Api, path: str
) -> None:
    await fill(conn)
    [analysis] = [one for one in ANALYSES if one.path == path]
    name = "plant" if "plant" in analysis.parameters else analysis.parameters[0]
    wrong = await page(api, path, 422, **{f"x{name}": "north"})
    assert f'"x{name}" is not a parameter of {path}; did you mean "{name}"?' in wrong.text
    assert "JSON" not in wrong.text  # there are no figures to take along
    for name in analysis.parameters:
        for value in HOSTILE[:: 1 if soaking() else 5]:
            answer = await api.client.get(path, params={name: value})
            assert answer.status_code in (200, 422), (name, value, answer.text)
    nameless = await page(api, path, plant="", line="")
    assert "has no answer" not in nameless.text


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_is_of_the_readers_lines(conn: Any, api: Api, path: str) -> None:
    await fill(conn)
    api.door = LinesDoor(frozenset({("north", None)}))
    answer = await api.client.get(path, params={"from": "2026-05"} if path == "/report" else {})
    assert answer.status_code == 200
    assert "south" not in answer.text and "north" in answer.text
    if path == "/company":
        return  # it is about no plant
    others = {
        "/planner": {"fit": "true", "from": "2026-06"}, "/what-if": {"change": "halve code=burr"},
    }.get(path, {})  # fmt: skip
    unknown = await page(api, path, 422, plant="south", **others)
    assert 'Plant "south" is not in the rate book; its plants: north' in unknown.text


async def test_before_the_first_rates_a_page_leads_to_the_board(api: Api) -> None:
    shown = await page(api, "/report")
    assert "There are no rates yet" in shown.text


async def test_the_report_has_the_figures_of_the_api_and_each_opens_its_entries(
    conn: Any, api: Api
) -> None:
    await fill(conn)
    asked: dict[str, Any] = {
        "plant": "north", "from": "2026-05", "to": "2026-07", "by": "line"
    }  # fmt: skip
    shown = await page(api, "/report", **asked)
    said = await api.get("/v1/coq", **asked)
    [coq] = [row for row in said["totals"] if row["figure"] == "coq"]
    tiles = [link.figure for link in shown.links if link.text.endswith(" EUR")]
    assert tiles[1] == round(Decimal(coq["amount"]), 2)
    assert shown.table["2026-06"]  # a row for the month
    assert await entries_agree(api, shown) > 30
    assert f"{float(coq['percentage']):.1f} % of cost of production" in shown.text
    assert "1 open stop counts until now" in shown.text


async def test_an_empty_report_leads_to_the_month_with_figures(conn: Any, api: Api) -> None:
    await fill(conn)
    long_ago: dict[str, Any] = {"plant": "north", "from": "2020-01", "to": "2020-02"}
    shown = await page(api, "/report", **long_ago)
    [link] = [link for link in shown.links if link.text == "Show June 2026"]
    found = await api.client.get(link.href)
    assert "COPQ: failure alone" in found.text


async def test_a_form_names_several_bases_one_by_one(conn: Any, api: Api) -> None:
    await fill(conn)
    answer = await api.client.get("/report?plant=north&base=CoQ&base=cost+of+production&line=")
    assert answer.status_code == 200
    assert "COPQ % of CoQ" in answer.text and "COPQ % of cost of production" in answer.text


async def test_why_is_the_answer_of_the_api_in_words_bars_and_entries(conn: Any, api: Api) -> None:
    await post_with_rates(conn, book(), bad_lot())
    asked: dict[str, Any] = {"plant": "north", "month": "2026-06"}
    shown = await page(api, "/why", **asked)
    said = await api.get("/v1/why", **asked)
    assert said["totals"][0]["finding"] in shown.text
    assert "line L2, supplier B" in shown.table
    assert {"Losses before", "Losses after", "Everything else"} <= shown.table.keys()
    assert await entries_agree(api, shown) >= 5
    assert "north: 1 to 30 June 2026 (30 production days) against 1 to 31 May 2026" in shown.text
    [day] = (await api.get("/why/today", plant="north", day="2026-06-20"))["changes"]
    assert day["after"] == "140" and day["expected"] != day["after"]


async def test_the_windows_of_why_are_named_as_in_the_api(conn: Any, api: Api) -> None:
    await fill(conn)
    asked: dict[str, Any] = {"plant": "north", "line": "L1", "from": "2026-06-20", "weeks": "2"}
    shown = await page(api, "/why", **asked)
    assert "north, line L1: 20 to 30 June 2026" in shown.text
    wrong = await page(api, "/why", 422, weeks="0")
    assert 'Weeks is "0": it must be a whole number from 1 to 52.' in wrong.text
    nothing = await page(api, "/why", plant="north", month="2020-01")
    assert "Explain 2026-06" in nothing.text


async def test_the_planner_shows_the_published_example_and_refuses_with_the_reason(
    conn: Any, api: Api
) -> None:
    shown = await page(api, "/planner", indicators="1", savings="1000000", currency="EUR")
    assert "1 indicator: break-even in period 2; the largest benefit is 0.202" in shown.text
    assert shown.table["2"] == ["0.098", "0.896", "0.111", "0.014"] or "0.014" in shown.text
    assert "13,991.18" in shown.text
    wrong = await page(api, "/planner", 422, beta="1.2")
    assert "Beta is 1.2" in wrong.text
    await fill(conn)
    asked: dict[str, Any] = {"plant": "north", "from": "2026-05", "fit": "true"}
    refused = await page(api, "/planner", **asked)
    said = await api.get("/v1/plan", **asked)
    assert said["fit"]["refused"] in refused.text


async def test_what_if_shows_booked_against_changed_and_the_entries_that_differ(
    conn: Any, api: Api
) -> None:
    await fill(conn)
    asked: dict[str, Any] = {
        "plant": "north", "line": "L1", "month": "2026-06", "change": "halve code=burr"
    }  # fmt: skip
    shown = await page(api, "/what-if", **asked)
    said = await api.get("/v1/what-if", **asked)
    [total] = [total for total in said["totals"] if total["figure"] == "copq"]
    assert f"−{abs(Decimal(total['difference'])):,.2f} EUR" in shown.text
    assert "halve code=burr: 20 events." in shown.text
    assert sum("event=d06" in link.href for link in shown.links) == 20
    assert await entries_agree(api, shown) >= 3
    intro = await page(api, "/what-if", plant="north")
    [example] = [link for link in intro.links if link.text == "halve type=defect"]
    assert "With the changes" in (await api.client.get(f"{example.href}&month=2026-06")).text
    wrong = await page(api, "/what-if", 422, change="halve code=nope")
    assert "nope" in wrong.text and "burr" in wrong.text


async def test_problems_are_ranked_as_in_the_api_with_their_entries(conn: Any, api: Api) -> None:
    await fill(conn)
    asked: dict[str, Any] = {"plant": "north", "month": "2026-05"}
    shown = await page(api, "/problems", **asked)
    rows = (await api.get("/v1/problems", **asked))["rows"]
    assert [row["problem"] for row in rows] == [
        name for name in shown.table if name in {row["problem"] for row in rows}
    ]
    assert await entries_agree(api, shown) >= 2 * len(rows)
    by_time = await page(api, "/problems", plant="north", month="2026-06", by_time="true")
    assert "By time, (time + out-of-pocket money)" in by_time.text
    nothing = await page(api, "/problems", plant="north", month="2020-01")
    assert "Rank 2026-06" in nothing.text


async def test_the_portfolio_has_the_figures_of_the_api_and_opens_each_project(
    conn: Any, api: Api
) -> None:
    api.now = datetime.fromisoformat("2026-08-10T12:00:00+02:00")
    await judged(conn, await caps(conn), "eroding")
    [row] = (await api.get("/v1/projects"))["rows"]
    shown = await page(api, "/projects")
    for words in ("eroding", "olga", "From promised to validated", "Waiting for finance"):
        assert words in shown.text, words
    [line] = [cells for cells in shown.rows if cells[0] == "caps" and "olga" in cells]
    assert {"300", "200", "70", "−230", "23.3 %"} <= set(line)
    assert row["validated"] == "70" and row["promised"] == "300"
    [link] = {link.href for link in shown.links if link.text == "caps"}
    assert link == "/projects/north/caps"
    sheet = await page(api, link)
    for words in ("Approved by carla", "not measured", "proven", "2026-07", "capper", "realise"):
        assert words in sheet.text, words
    frozen = (await api.get("/v1/projects/north/caps"))["frozen"]
    assert frozen["sha256"] in sheet.text
    [file] = {link.href for link in sheet.links if link.text == "The auditor's file"}
    assert (await api.get(file))["sha256"] == frozen["sha256"]
    may = next(cells for cells in sheet.rows if cells[0] == "2026-05" and "reduced" in cells)
    assert {"100.00", "90.00", "95.00", "80.00", "70.00", "50.00"} <= set(may)


async def test_a_project_that_is_not_there_is_said_with_the_nearest(conn: Any, api: Api) -> None:
    await caps(conn)
    answer = await api.client.get("/projects/north/cap")
    assert answer.status_code == 422 and "did you mean &#34;caps&#34;" in answer.text
    answer = await api.client.get("/v1/projects/north/cap/export")
    assert answer.status_code == 422 and 'did you mean "caps"' in answer.json()["detail"]
    api.door = RoleDoor()
    for address in ("/projects/north/caps", "/v1/projects/north/caps/export"):
        refused = await api.client.get(address, headers={"authorization": "Bearer operator"})
        assert refused.status_code == 403
