"""Targets and budgets by form: what is in force, one set, taken away, its history."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from copq.database.connections import DatabaseRole, connected
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import plant, rates
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import ADA, MIA, Browser

PATH = "/finance/targets"


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    async with desk_client(database) as client:
        yield client


async def test_finance_sets_one_target_and_takes_it_away(desk: DeskClient, database: str) -> None:
    ada, other = Browser(desk.client, ADA), Browser(desk.client, ADA)
    assert "No target is in force" in await ada.open(PATH)
    styles = re.findall(r"brand\.css\?(\w+)", ada.page)
    assert styles == re.findall(r"brand\.css\?(\w+)", await ada.open("/finance/audit"))
    await ada.open(PATH)
    await other.open(PATH)
    wanted: dict[str, Any] = {
        "plant": "north",
        "line": "L1",
        "window": "1h",
        "ratio": "2.5 %",
        "why": "agreed",
    }
    before = ada.page
    for _ in range(2):  # a double click
        ada.page = before
        page = await ada.send(f"{PATH}/target", **wanted)
    assert "The target is set." in page and "2.50 %" in page.replace("2.5 %", "2.50 %")
    assert "north, L1, the last 60 minutes" in page
    stale = await other.send(f"{PATH}/target", 412, **wanted)
    assert "Nothing was changed" in stale and "read it again" in stale
    gone = await ada.send(f"{PATH}/target", do="none", plant="north", line="L1", window="1h")
    assert "Taken away" in gone and "No target is in force" in gone and "taken away" in gone
    rows = await run(database, "select ratio::text, set_by, source from copq.target order by 1")
    assert [(row["ratio"], row["set_by"]) for row in rows] == [("0.025", "ada"), (None, "ada")]


async def test_finance_sets_a_budget_from_a_later_day(desk: DeskClient) -> None:
    ada = Browser(desk.client, ADA)
    await ada.open(PATH)
    page = await ada.send(
        f"{PATH}/budget", plant="south", category="appraisal", amount="12,000.50",
        effective_from="2100-01-01",
    )  # fmt: skip
    assert "The budget is set." in page and "not yet in force" in page
    assert "south, appraisal" in page and "12,000.50 EUR" in page
    [row] = (await desk.get("/v1/targets")).json()["budgets"]
    assert row["amount"] == "12000.5"


@pytest.mark.parametrize(
    ("kind", "wrong", "says"),
    [
        ("target", {"ratio": "300 %"}, "it is from 0 to 100"),
        ("target", {"ratio": ""}, "press Take away"),
        ("target", {"ratio": "much"}, "Write a number such as"),
        ("target", {"ratio": "2 %", "line": "L1"}, "needs its plant"),
        ("target", {"ratio": "2 %", "plant": "east"}, "north"),
        ("budget", {"plant": "north", "amount": "1,234"}, "can mean 1234"),
        ("budget", {"amount": "5"}, "fill it in"),
        ("budget", {"plant": "north", "amount": "-5"}, "greater than or equal to 0"),
    ],
)
async def test_a_wrong_figure_is_told_at_its_field(
    desk: DeskClient, kind: str, wrong: dict[str, Any], says: str
) -> None:
    ada = Browser(desk.client, ADA)
    await ada.open(PATH)
    page = await ada.send(f"{PATH}/{kind}", 422, **wrong)
    assert "Nothing was changed" in page and says in page
    if "east" not in str(wrong) and "L1" not in str(wrong):
        assert 'aria-invalid="true"' in page
    for value in wrong.values():
        assert f'value="{value}"' in page or value in ("", "east")


async def test_a_manager_sees_targets_of_its_lines_and_sets_none(desk: DeskClient) -> None:
    for name in ("north", "south"):
        await desk.post("/v1/targets/set", json={"plant": name, "ratio": "0.03"})
    mia = Browser(desk.client, MIA)
    page = await mia.open("/quality/targets")
    assert "north" in page and "south" in page and "<form" not in page.split("<main")[1]
    some = Browser(desk.client, {"Authorization": "Bearer manager:mia:south"})
    assert "north" not in await some.open("/quality/targets")
    await mia.open(PATH, 403)
