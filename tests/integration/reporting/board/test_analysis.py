"""The pages next to the board: the same answers as the API, for people, in one frame."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from copq.access.door import OpenDoor
from copq.rates.store import import_rates, load
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board
from copq.reporting.board.pages.all import ANALYSES
from copq.reporting.source import reading_pool
from tests.integration.reporting.api.test_questions import HOSTILE
from tests.support.building import defect, plant, post_events, production, rates, stop
from tests.support.reporting.api.asking import Api, LinesDoor, RoleDoor
from tests.support.reporting.pages import entries_agree, page

PATHS = [analysis.path for analysis in ANALYSES]


@pytest.fixture
async def api(database: str) -> AsyncIterator[Api]:
    pool = await reading_pool(database)
    found, app = Api(OpenDoor()), FastAPI()
    add_board(app, add_api(app, pool, found, lambda: found.now))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
        found.client = client
        yield found
    await pool.close()


async def fill(conn: Any) -> None:
    """Two plants; in June more rejects of L1 than in May, and a stop that is still open."""
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
            defect(f"e{month}{day}", f"2026-{month}-{day:02}T10:05:00Z", 1, line="L2"),
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


@pytest.mark.parametrize("path", PATHS)
async def test_whatever_an_address_holds_the_page_says_what_is_wrong(
    conn: Any, api: Api, path: str
) -> None:
    await fill(conn)
    [analysis] = [one for one in ANALYSES if one.path == path]
    wrong = await page(api, path, 422, plnat="north")
    assert f'"plnat" is not a parameter of {path}; did you mean "plant"?' in wrong.text
    for name in analysis.parameters:
        for value in HOSTILE[::2]:
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
