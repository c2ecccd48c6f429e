"""A project by form, from its proposal to its end; each act once, by whom the state allows."""

from datetime import date
from typing import Any

import pytest

from copq.figures.project_baseline import measure_baseline
from copq.improvement.projects.states import Step
from copq.projects.approving import approve
from copq.projects.order import Order
from copq.projects.sizing import size
from copq.projects.steps import take
from copq.projects.store import project
from copq.projects.versions import version_of_project
from copq.rates.store import load
from tests.support.desk.asking import desk_client
from tests.support.desk.browsing import ADA, BEN, MIA, Browser
from tests.support.projects import (
    CARLA,
    NOW,
    OLGA,
    add_month,
    approved,
    item,
    propose,
    with_ledger,
)

FINANCE, OWNERS = "/finance/projects", "/quality/projects"
CAPS = f"{FINANCE}/north/caps"
FILE = b"""
projects:
  - {plant: north, name: caps, owner: mia, sponsor: sven, scope: {line: [L1]},
     baseline: {first: 2026-01-01, last: 2026-03-31}, starts: 2026-04-15, currency: EUR,
     benefits: [{type: hard, first_month: 2026-05, last_month: 2026-07, amount: 100}]}
"""


async def test_a_project_goes_its_way_by_forms(conn: Any, database: str) -> None:
    await with_ledger(conn)
    async with desk_client(database) as desk:
        mia, ada = Browser(desk.client, MIA), Browser(desk.client, ADA)
        assert "No project is proposed" in await mia.open(OWNERS)
        proposed = await desk.client.post(
            OWNERS, headers=MIA, files={"file": ("p.yaml", FILE)}, data={"key": "k"},
            follow_redirects=True,
        )  # fmt: skip
        assert "Its owner measures it next" in proposed.text and ">caps</a>" in proposed.text
        own = f"{OWNERS}/north/caps"
        page = await mia.open(own)
        assert "Measure its baseline" in page and ">Approve<" not in page
        before = mia.page
        for _ in range(2):  # a double click
            mia.page = before
            page = await mia.send(f"{own}/size", why="ready")
        assert "Measured: finance can approve it now." in page
        assert "project to approve" in await ada.open("/finance")
        page = await ada.open(CAPS)
        assert "as approval would freeze it now" in page
        stale = Browser(desk.client, BEN)
        await stale.open(CAPS)
        page = await ada.send(f"{CAPS}/approve", why="pays off")
        assert "Approved, and frozen." in page and "what approval froze" in page
        assert "read it again" in await stale.send(f"{CAPS}/approve", 412)
        await mia.open(own)
        assert "Started." in await mia.send(f"{own}/start")
        page = await mia.send(
            f"{own}/non-routine", month="2026-05", amount="-40", evidence="report", why="a flood"
        )  # fmt: skip
        assert "Waits for finance: -40.00 EUR" in page.replace("\u2212", "-")
        page = await mia.send(f"{own}/forecast", month="2026-06", type="hard", amount="80")
        assert "The forecast is set." in page
        assert "amount or baseline of a project to decide" in await ada.open("/finance")
        await ada.open(CAPS)
        decided: dict[str, Any] = {"kind": "non-routine", "number": "1", "decision": "accept"}
        assert "Why: fill it in" in await ada.send(f"{CAPS}/decide", 422, **decided)
        assert "Decided." in await ada.send(f"{CAPS}/decide", **decided, why="seen")
    rows = await conn.fetch("select what, taken_by from copq.project_step order by 1")
    taken = {row["what"]: row["taken_by"] for row in rows}
    assert taken == {"propose": "mia", "size": "mia", "approve": "ada", "start": "mia"}
    assert (await project(conn, "north", "caps")).state == "running"


async def test_finance_signs_lapses_and_reopens(conn: Any, database: str) -> None:
    await with_ledger(conn)
    await approved(conn)
    for step in (Step.START, Step.REALISE):
        await take(conn, "north", "caps", step, Order(OLGA))
    async with desk_client(database) as desk:
        ada = Browser(desk.client, ADA)
        assert "Sign, " not in await ada.open(FINANCE) and "Sign" in ada.page
        page = await ada.open(CAPS)
        for title in ("Sign", "Say that the gain is lost", "Reopen", "Hand it over"):
            assert f"<summary><strong>{title}</strong>" in page
        for title in ("Approve", "Start", "Sustain", "Cancel", "Claim a month"):
            assert f"<summary><strong>{title}</strong>" not in page
        owner = Browser(desk.client, {"Authorization": "Bearer finance:olga"})
        page = await owner.open(CAPS)
        assert "<summary><strong>Sign</strong>" not in page and "Hand it over" in page
        assert "owns" in await owner.send(f"{CAPS}/lapse", 409, why="mine")
        assert "Signed." in await ada.send(f"{CAPS}/sign")
        assert "Sustained." in await ada.send(f"{CAPS}/sustain")
        assert "Why: fill it in" in await ada.send(f"{CAPS}/lapse", 422)
        assert "Its gain is lost" in await ada.send(f"{CAPS}/lapse", why="it is back")
        assert "Reopened" in await ada.send(f"{CAPS}/reopen", why="changed")
        page = await ada.send(f"{CAPS}/own", owner="otto", why="left")
        assert "Handed over." in page and "otto" in page
        page = await ada.send(
            f"{CAPS}/invest", 422, investment="capper", amount="4,000", month="2026-04"
        )
        assert "can mean 4000" in page and 'value="4,000"' in page
        page = await ada.send(f"{CAPS}/invest", investment="capper", amount="4000", month="2026-04")
        assert "The investment is set." in page
        page = await ada.send(f"{CAPS}/invest", investment="capper", do="none")
        assert "The investment is set." in page


async def test_an_owner_claims_and_finance_sees_it(conn: Any, database: str) -> None:
    await with_ledger(conn)
    await approved(conn)
    one = await take(conn, "north", "caps", Step.START, Order(OLGA))
    await add_month(conn, one, date(2026, 1, 1), 80)
    async with desk_client(database) as desk:
        olga = Browser(desk.client, {"Authorization": "Bearer manager:olga"})
        own = f"{OWNERS}/north/caps"
        await olga.open(own)
        assert "saved 80.00 EUR" in await olga.send(
            f"{own}/claim", 409, month="2026-01", type="hard", amount="90"
        )
        page = await olga.send(f"{own}/claim", month="2026-01", type="hard")
        assert "it waits for finance" in page and "80.00 EUR by olga" in page
        assert "Savings to validate" in await Browser(desk.client, ADA).open(CAPS)
        mia = Browser(desk.client, MIA)
        assert "its owner olga or finance takes the next step" in await mia.open(own)
        version = await version_of_project(conn, "north", "caps")
        sent: dict[str, Any] = {"version": version, "key": "m", "why": "no"}
        assert "does not own" in await mia.send(f"{own}/cancel", 409, **sent)
        await mia.send(f"{own}/approve", 404)


async def test_finance_divides_what_projects_share(conn: Any, database: str) -> None:
    await with_ledger(conn)
    names = ("caps", "seals")
    await propose(conn, *(item(name) for name in names))
    book = await load(conn)
    for name in names:
        await size(conn, "north", name, book, measure_baseline, Order(OLGA), NOW)
        await approve(conn, "north", name, measure_baseline, Order(CARLA, "pays"), NOW)
    async with desk_client(database) as desk:
        ada = Browser(desk.client, ADA)
        await ada.open(CAPS)
        shares: dict[str, Any] = {"from": "2026-06", "share:caps": "0.6", "why": "as agreed"}
        wrong = await ada.send(f"{CAPS}/shares/set", 409, **(shares | {"share:seals": "0.3"}))
        assert "shares add up to 1" in wrong
        page = await ada.send(f"{CAPS}/shares/set", **(shares | {"share:seals": "0.4"}))
        assert "Divided." in page
    assert await conn.fetchval("select count(*) from copq.project_share") == 1


@pytest.mark.parametrize("who", ["finance:sue:south", "manager:sam:south"])
async def test_a_reader_of_another_plant_sees_no_project(
    conn: Any, database: str, who: str
) -> None:
    await with_ledger(conn)
    await approved(conn)
    path = FINANCE if who.startswith("finance") else OWNERS
    async with desk_client(database) as desk:
        other = Browser(desk.client, {"Authorization": f"Bearer {who}"})
        assert "caps" not in (await other.open(path)).split("An example")[0]
        await other.open(f"{path}/north/caps", 403)
        await other.send(f"{path}/north/caps/start", 403)
