"""Projects by API: from the proposal to a validated saving, each step by whom it is for."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from copq.database.connections import DatabaseRole, connected
from copq.figures.verify import verify
from copq.posting.post import prepare
from copq.projects.store import project
from tests.support.access.serving import run
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.periods.building import shut
from tests.support.projects import add_month, item, with_ledger

CAPS, OLGA, CARLA = "/v1/projects/north/caps", "manager:olga", "finance:carla"
JAN = date(2026, 1, 1)
FILE = json.dumps({"projects": [item(), item("labels")]})


@pytest.fixture
async def desk(conn: Any, database: str) -> AsyncIterator[DeskClient]:
    await prepare(conn)
    await with_ledger(conn)
    async with desk_client(database) as client:
        await client.post("/v1/projects", by=OLGA, content=FILE, name="projects.yaml")
        yield client


class Caps:
    """Acts on the project with the ETag of the answer before."""

    def __init__(self, desk: DeskClient) -> None:
        self._desk, self._etag = desk, '"1.4"'

    async def do(self, act: str, status: int = 200, *, by: str = OLGA, **said: Any) -> Any:
        answer = await self._desk.post(
            f"{CAPS}/{act}", status, by=by, match=self._etag, json=said, key=f"{act}-{by}-{said}"
        )
        self._etag = answer.headers.get("etag", self._etag)
        return answer.json()


async def test_a_project_goes_from_its_proposal_to_a_validated_saving(
    desk: DeskClient, conn: Any, database: str
) -> None:
    caps = Caps(desk)
    sized = await caps.do("size")
    assert sized["state"] == "sized" and sized["project"] == "caps"
    await caps.do("approve", 403)
    frozen = await caps.do("approve", by=CARLA, why="pays off")
    assert frozen["state"] == "approved"
    await caps.do("start", 409, by="manager:otto")
    assert (await caps.do("start"))["state"] == "running"
    await caps.do("invest", investment="training", amount="40000", month="2026-05")
    await caps.do("forecast", month="2026-08", amount="90")
    flood: dict[str, Any] = {
        "month": "2026-06",
        "amount": "9",
        "evidence": "insurer",
        "why": "a flood",
    }
    number = (await caps.do("non-routine", **flood))["number"]
    verdict: dict[str, Any] = {
        "kind": "non-routine",
        "number": number,
        "decision": "accept",
        "why": "seen",
    }
    await caps.do("decide", by=CARLA, **verdict)
    await caps.do("decide", 409, by="finance:dora", **verdict)
    await add_month(conn, await project(conn, "north", "caps"), JAN, 80)
    claim = await caps.do("claim", month="2026-01")
    assert claim["amount"] == "80"
    open_month = await caps.do("validate", 409, by=CARLA, month="2026-01", decision="accept")
    assert "close it first" in open_month["detail"]
    await shut(conn, "2026-01")
    reduced: dict[str, Any] = {
        "month": "2026-01",
        "decision": "reduce",
        "amount": "60",
        "why": "less scrap",
    }
    assert (await caps.do("validate", by=CARLA, **reduced))["amount"] == "60"
    await caps.do("realise")
    await caps.do("lapse", 422, by=CARLA)
    await caps.do("own", owner="otto", why="olga has left")
    await caps.do("sign", 409, by="finance:olga")
    assert (await caps.do("sign", by=CARLA))["state"] == "signed"
    shares = {"from": "2026-06", "shares": {"caps": "0.6", "labels": "0.4"}, "why": "as agreed"}
    await desk.post("/v1/projects/north/shares", by=CARLA, json=shares)
    who = await run(database, "select distinct who from copq.audit where subject ~ 'project_'")
    assert {row["who"] for row in who} == {"olga", "carla"}
    async with connected(database, DatabaseRole.FINANCE) as reading:
        assert await verify(reading) == []


async def test_an_act_names_the_version_and_happens_once(desk: DeskClient, database: str) -> None:
    await desk.post(f"{CAPS}/size", 428, by=OLGA)
    done = await desk.post(f"{CAPS}/size", by=OLGA, match='"1.4"', key="k")
    again = await desk.post(f"{CAPS}/size", by=OLGA, match='"1.4"', key="k")
    assert again.text == done.text and again.headers["idempotency-replayed"] == "true"
    await desk.post(f"{CAPS}/approve", 412, by=CARLA, match='"1.4"')
    approved = await desk.post(f"{CAPS}/approve", by=CARLA, match=done.headers["etag"], key="a")
    await desk.post(f"{CAPS}/approve", by=CARLA, match=done.headers["etag"], key="a")
    assert approved.headers["etag"] != done.headers["etag"]
    steps = await run(database, "select what from copq.project_step where project = 1")
    assert [row["what"] for row in steps] == ["propose", "size", "approve"]


async def test_what_is_asked_wrongly_is_named(desk: DeskClient) -> None:
    await desk.post("/v1/projects/nort/caps/start", 404, by=OLGA, match="*")
    missing = await desk.post("/v1/projects/north/cups/start", 404, by=OLGA, match="*")
    assert 'no project of north has the name "cups"' in missing.json()["detail"]
    wrong = await desk.post(f"{CAPS}/claim", 422, by=OLGA, match='"1.4"', json={"month": "May"})
    assert "month" in wrong.text
    await desk.post(f"{CAPS}/start", 409, by=OLGA, match='"1.4"')
    await desk.post(f"{CAPS}/start", 403, by="manager:max:south", match='"1.4"')
    content = FILE.replace("caps", "cups").replace('"EUR"', '"USD"')
    refused = await desk.post("/v1/projects", 422, by=OLGA, content=content, name="a.yaml")
    assert refused.json()["errors"]
    await desk.post("/v1/projects", 422, by=OLGA, content=b"PK", name="a.xlsx")
