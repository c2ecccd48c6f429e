"""Refused events and corrections by API: each in the scope of its sender, each sent once."""

import html
import json
import re
from collections.abc import AsyncIterator

import pytest

from copq.database.connections import DatabaseRole, connected
from copq.ingest.names import Names
from copq.rates.store import import_rates
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.access.serving import run
from tests.support.building import defect, rates
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import MIA as AS_MIA
from tests.support.desk.browsing import Browser

AT = "2026-03-02T10:00:00+01:00"
MIA, OLGA = "manager:mia", "operator:olga"
RIGHT = defect("d", AT)
WRONG = RIGHT.replace(b'"quantity": 1', b'"quantity": -1')


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    pool = await pool_of(database)
    intake = LedgerIntake(pool)
    replaying = LedgerIntake(pool, keeps=False)
    fixing = LedgerIntake(pool, keeps=False, names=Names(1))
    async with desk_client(database, intake=intake, replaying=replaying, fixing=fixing) as client:
        yield client
    await pool.close()


async def send(desk: DeskClient, *raws: bytes, sender: str = "olga") -> None:
    from copq.access.sender import Sender

    assert desk.intake is not None
    await desk.intake.accept(list(raws), Sender(sender))


async def test_a_refused_event_is_seen_fixed_and_sent_once(desk: DeskClient, database: str) -> None:
    assert WRONG != RIGHT
    await send(desk, WRONG, b"{}")
    page = (await desk.get("/v1/rejected?limit=1", by=MIA)).json()
    assert page["next"] is not None and len(page["rows"]) == 1
    rows = (await desk.get(f"/v1/rejected?cursor={page['next']}", by=OLGA)).json()["rows"]
    assert [row["event_id"] for row in rows] == ["d"] and '"quantity": -1' in rows[0]["payload"]
    path = f"/v1/rejected/{rows[0]['rejected_id']}"
    await desk.get(path, 404, by="operator:otto")
    await desk.get(path, 403, by="manager:max:north")
    await desk.post(f"{path}/replay", 404, by="operator:otto")
    again = await desk.post(f"{path}/replay", 422, by=MIA)
    assert "quantity" in again.text
    for _ in range(2):
        done = await desk.post(f"{path}/replay", by=MIA, content=RIGHT, key="k")
        assert done.json()["status"] == "accepted"
    await desk.post(f"{path}/replay", 409, by=MIA, content=RIGHT)
    kept = await run(
        database, "select replayed_by from copq.rejected where replayed_by is not null"
    )
    assert [row["replayed_by"] for row in kept] == ["mia"]
    found = await run(database, "select sent_by from copq.event")
    assert [row["sent_by"] for row in found] == ["olga"]
    assert len((await desk.get("/v1/rejected?all=true", by=MIA)).json()["rows"]) == 2


async def test_a_fixed_event_of_an_operator_brings_no_more_names_than_its_sender_may(
    desk: DeskClient,
) -> None:
    await send(desk, WRONG, WRONG)
    [first, second] = (await desk.get("/v1/rejected", by=OLGA)).json()["rows"]
    for number, (row, status) in enumerate([(first, 200), (second, 422)]):
        fixed = RIGHT.replace(b'"L1"', b'"new-%d"' % number)
        path = f"/v1/rejected/{row['rejected_id']}/replay"
        answer = await desk.post(path, status, by=OLGA, content=fixed)
    assert "one too many" in answer.text
    await desk.post(path, by=MIA, content=fixed.replace(b'"d"', b'"d2"'))


async def test_a_correction_goes_through_the_intake_once(desk: DeskClient, database: str) -> None:
    await send(desk, RIGHT)
    said = {"corrects": "d", "reason": "counted twice"}
    for _ in range(2):
        done = await desk.post("/v1/corrections", 201, by=OLGA, json=said, key="k")
        assert done.json()["event"]["line"] == "L1"
    found = await run(database, "select reason, booked_by, state from copq.correction")
    assert [tuple(row) for row in found] == [("counted twice", "olga", "applied")]
    net = await run(database, "select sum(net) as net from copq.ledger")
    assert net[0]["net"] == 0
    await desk.post("/v1/corrections", 422, by=OLGA, json={"corrects": "d"})
    unknown = await desk.post("/v1/corrections", 422, by=OLGA, json=said | {"corrects": "x"})
    assert "no event of your lines" in unknown.text
    await desk.post("/v1/corrections", 422, by="operator:otto:south", json=said)
    waits = {**said, "corrects": "x", "plant": "north", "line": "L1"}
    await desk.post("/v1/corrections", 201, by=OLGA, json=waits)
    wrong = await desk.post(
        "/v1/corrections", 422, by=OLGA, json=waits | {"replacement": json.loads(WRONG)}
    )
    assert "replacement" in wrong.text


async def test_a_service_without_an_intake_says_where_to_send_it(database: str) -> None:
    async with desk_client(database) as desk:
        said = {"corrects": "d", "reason": "counted twice"}
        answer = await desk.post("/v1/corrections", 409, by=OLGA, json=said)
        assert "POST /v1/events of copq ingest" in answer.text
        await desk.post("/v1/rejected/1/replay", 409, by=MIA)


async def test_a_quality_engineer_fixes_and_corrects_by_form(
    desk: DeskClient, database: str
) -> None:
    await send(desk, WRONG)
    mia = Browser(desk.client, AS_MIA)
    assert 'href="/quality/rejected/1"' in await mia.open("/quality")
    assert "&#34;quantity&#34;: -1" in await mia.open("/quality/rejected/1")
    path = "/quality/rejected/1/replay"
    before = mia.page
    refused = await mia.send(path, 422, event=WRONG.decode())
    assert "Nothing was changed" in refused and "&#34;quantity&#34;: -1" in refused
    for _ in range(2):  # a double click
        mia.page = before
        assert "Sent again, and accepted." in await mia.send(path, event=RIGHT.decode())
    assert "No event is refused" in await mia.open("/quality")
    await mia.open("/quality/corrections", 403)
    mia = Browser(desk.client, {"Authorization": f"Bearer {OLGA}"})
    await mia.open("/quality/corrections?event=d")
    unknown = await mia.send("/quality/corrections", 422, corrects="x", reason="counted twice")
    assert "no event of your lines" in unknown.lower()
    wrong = await mia.send(
        "/quality/corrections", 422, corrects="d", reason="counted twice", replacement="{"
    )
    assert "is not JSON" in wrong
    done = await mia.send("/quality/corrections", corrects="d", reason="counted twice")
    assert "Corrected" in done
    [row] = await run(database, "select sum(net) as net, count(*) as n from copq.ledger")
    assert (row["net"], row["n"]) == (0, 2)


async def test_an_operator_replays_for_its_own_lines_alone(desk: DeskClient, database: str) -> None:
    await send(desk, WRONG)
    path = "/v1/rejected/1/replay"
    elsewhere = RIGHT.replace(b'"L1"', b'"L2"')
    of_south = "operator:olga:south"
    refused = await desk.post(path, 422, by=of_south, content=elsewhere)
    assert "L2" in refused.text
    await desk.post(path, by=OLGA, content=RIGHT)
    assert (await run(database, "select line from copq.ledger"))[0]["line"] == "L1"


async def test_quality_is_led_to_the_analyses_of_its_plants(
    desk: DeskClient, database: str
) -> None:
    mia = Browser(desk.client, AS_MIA)
    page = await mia.open("/quality")
    links = re.findall(r'href="(/(?:report|why|problems|what-if)\?[^"]+)"', page)
    assert {path.partition("?")[0] for path in links} == {
        "/report", "/why", "/problems", "/what-if"
    }  # fmt: skip
    for link in map(html.unescape, links):
        assert (await desk.get(link, by="manager:mia")).status_code == 200
    some = Browser(desk.client, {"Authorization": "Bearer manager:sam:south"})
    assert "plant=north" not in await some.open("/quality")
