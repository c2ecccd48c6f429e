"""Tokens and the audit trail by API: the text of a token is shown once and kept nowhere."""

import json
from collections.abc import AsyncIterator

import pytest

from copq.access.token import fits
from copq.audit.exported import links_in
from copq.audit.trail import Chain
from copq.database.connections import DatabaseRole, connected
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import plant, rates
from tests.support.desk.asking import DeskClient, desk_client

PATH, ROOT, BEN = "/v1/tokens", "admin:root", "finance:ben"
NEW = {"name": "press-7", "lines": ["north/L1"], "expires": "90d", "why": "new press"}


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    async with desk_client(database) as client:
        yield client


async def test_a_token_is_shown_once_and_its_text_is_kept_nowhere(
    desk: DeskClient, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = await desk.post(PATH, 201, by=ROOT, json=NEW, key="k")
    text = made.json()["token"]
    assert made.headers["cache-control"] == "no-store"
    again = await desk.post(PATH, 201, by=ROOT, json=NEW, key="k")
    assert again.json() == made.json() | {"token": None}
    assert again.headers["idempotency-replayed"] == "true"
    [stored] = await run(database, "select hash, created_by from copq.token")
    assert fits(text, stored["hash"]) and stored["created_by"] == "root"
    everything = await run(
        database, "select r::text as row from copq.request_key as r "
        "union all select a::text from copq.audit as a union all select t::text from copq.token t",
    )  # fmt: skip
    assert text.rpartition("_")[2] not in str([row["row"] for row in everything]) + caplog.text


async def test_an_admin_lists_and_revokes_within_its_lines(desk: DeskClient) -> None:
    await desk.post(PATH, 201, by=ROOT, json=NEW)
    taken = await desk.post(PATH, 409, by=ROOT, json=NEW)
    assert "such as press-7-2" in taken.text
    await desk.post(PATH, 403, by="admin:sam:south", json=NEW | {"name": "other"})
    assert (await desk.get(PATH, by="admin:sam:south")).json()["rows"] == []
    await desk.send("DELETE", f"{PATH}/press-7", 403, by="admin:sam:south")
    await desk.send("DELETE", f"{PATH}/press-8", 404, by=ROOT)
    for _ in range(2):
        done = await desk.send("DELETE", f"{PATH}/press-7", by=ROOT, key="k", why="lost")
        assert done.json()["state"] == "revoked"
    assert (await desk.get(PATH, by=ROOT)).json()["rows"] == []
    [row] = (await desk.get(f"{PATH}?all=true", by=ROOT)).json()["rows"]
    assert (row["state"], row["revoked_by"]) == ("revoked", "root") and "token" not in row


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"expires": "soon"}, "expires is 12h"),
        ({"expires": "2020-01-01"}, "is past"),
        ({"lines": ["north"]}, "write it as PLANT/LINE"),
        ({"name": "mqtt/x"}, "MQTT clients"),
        ({"name": ""}, "1 to 64"),
        ({"role": "boss"}, "role"),
        ({"requests_per_second": 0}, "requests_per_second"),
    ],
)
async def test_a_wrong_token_is_refused(
    desk: DeskClient, more: dict[str, object], says: str
) -> None:
    assert says in (await desk.post(PATH, 422, by=ROOT, json=NEW | more)).text


async def test_the_audit_trail_is_read_by_filters_and_pages(desk: DeskClient) -> None:
    for name in ("north", "south", "north"):
        await desk.post("/v1/targets/budget", json={"plant": name, "amount": "1"}, by=BEN)
    pages, cursor = [], ""
    while True:
        page = (await desk.get(f"/v1/audit?table=budget&limit=2{cursor}")).json()
        pages.append([row["new"]["plant"] for row in page["rows"]])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == [["north", "south"], ["north"]]
    of_north = (await desk.get("/v1/audit?plant=north&who=ben")).json()["rows"]
    assert len(of_north) == 2 and {row["who"] for row in of_north} == {"ben"}
    text = (await desk.get("/v1/audit?table=budget&format=csv")).text
    assert text.startswith("seq,at,who,") and text.count("\n") == 4
    assert (await desk.get("/v1/audit?to=2020-01")).json()["rows"] == []
    sue = "finance:sue:south"
    assert len((await desk.get("/v1/audit?plant=south&table=budget", by=sue)).json()["rows"]) == 1
    for path in ("audit", "audit?plant=north", "audit/head", "audit/export"):
        await desk.get(f"/v1/{path}", 403, by=sue)
    assert "did you mean" in (await desk.get("/v1/audit?table=targets", 422)).text
    assert "is not a date" in (await desk.get("/v1/audit?from=soon", 422)).text


async def test_the_export_is_proved_by_its_seals_and_ends_at_the_head(desk: DeskClient) -> None:
    head = (await desk.get("/v1/audit/head")).json()
    assert head["anchor"] is None
    chain = Chain()
    exported = await desk.get("/v1/audit/export")
    for link in links_in(exported.content.splitlines()):
        assert list(chain.take(link)) == []
    assert [*chain.end()] == [] and str(chain.head) == head["head"]
    table = (await desk.get("/v1/audit/export?format=csv")).text
    assert table.count("\n") >= head["rows"] and json.loads(exported.text.splitlines()[0])
