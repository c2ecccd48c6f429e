"""The fate of your own events, and nothing about those of others."""

import json

import asyncpg
import pytest

from copq.database.queries import Queries
from copq.ingest import fate
from copq.rates.store import import_rates, load
from tests.support.access.serving import bearer, grant, run, served
from tests.support.building import defect, event, post_events, rates
from tests.support.tampering import tampering

FATE = Queries.of(fate.__file__).fate
AT = "2026-03-02T10:00:00+01:00"


async def _send(conn: asyncpg.Connection, sender: str, *raws: bytes) -> None:
    await post_events(conn, await load(conn), raws)
    async with tampering(conn):
        await conn.execute("update copq.event set sent_by = $1 where sent_by is null", sender)


async def _refuse(database: str, sender: str, payload: bytes) -> None:
    await run(
        database,
        "insert into copq.rejected (code, field, message, size, headers, sent_by, payload) "
        "values ('missing_field', 'quantity', 'quantity is missing', $1, '[]', $2, $3)",
        len(payload), sender, payload,
    )  # fmt: skip


async def test_what_became_of_ones_events_and_no_cost(
    database: str, conn: asyncpg.Connection
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "test")
    void = event("correction", "c", occurred_at=AT, corrects="gone", reason="typed wrong")
    unknown = defect("later", AT, product="gadget")
    await _send(conn, "press", defect("good", AT, 7), unknown, defect("gone", AT), void)
    await _refuse(database, "press", b'{"event_type": "defect", "event_id" : "a/b c"}')
    await _refuse(database, "press", '{"event_id":"Müller-1"}'.encode())
    token = await grant(database, "press")
    async with served(database) as client:
        client.headers.update(bearer(token))

        async def fate(event_id: str) -> dict[str, str]:
            said = await client.get(f"/v1/events/{event_id}")
            assert said.status_code == 200, said.text
            found: dict[str, str] = said.json()
            return found

        good = await fate("good")
        assert good["state"] == "accepted" and good["occurred_at"] == "2026-03-02T09:00:00Z"
        assert set(good) == {"event_id", "state", "occurred_at", "received_at"}
        later = await fate("later")
        assert later["state"] == "unpriced" and "no cost table" in later["reason"]
        assert (await fate("gone"))["state"] == "withdrawn"
        refused = await fate("a/b c")
        assert (refused["state"], refused["code"]) == ("refused", "missing_field")
        assert refused["reason"] == "quantity is missing" and refused["field"] == "quantity"
        assert (await fate("Müller-1"))["state"] == "refused"


async def test_a_refused_event_that_was_mended_is_accepted(
    database: str, conn: asyncpg.Connection
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "test")
    await _refuse(database, "press", b'{"event_id": "x"}')
    await _send(conn, "press", defect("x", AT))
    token = await grant(database, "press")
    async with served(database) as client:
        said = await client.get("/v1/events/x", headers=bearer(token))
        assert said.json()["state"] == "accepted"


async def test_anothers_event_looks_as_if_there_were_none(
    database: str, conn: asyncpg.Connection
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "test")
    await _send(conn, "other", defect("theirs", AT))
    await _refuse(database, "other", b'{"event_id": "theirs-too"}')
    token = await grant(database, "press")
    async with served(database) as client:
        answers = [
            await client.get(f"/v1/events/{event_id}", headers=bearer(token))
            for event_id in ("theirs", "theirs-too", "nobodys")
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert json.loads(answers[0].text)["detail"].startswith("no event of yours")


@pytest.mark.parametrize("event_id", ["%00", "%0a", "a%5Cb", "%F0%9F%92%A9", "'%3B--", "x" * 3000])
async def test_odd_ids_are_unknown(database: str, event_id: str) -> None:
    token = await grant(database, "press")
    async with served(database) as client:
        said = await client.get(f"/v1/events/{event_id}", headers=bearer(token))
        assert said.status_code == 404


async def test_the_search_for_a_refused_event_uses_the_index(
    database: str, conn: asyncpg.Connection
) -> None:
    await conn.execute("set enable_seqscan = off")
    plan = await conn.fetch(
        f"explain {FATE.text}".replace("$1", "'x'").replace("$2", "'press'").replace("$3", "'x'")
    )
    assert any("rejected_event_id" in row[0] for row in plan), plan


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x00\xff", b'{"event_id": "' + b"\xff" * 9000, b'{"event_id": "' + b"\\" * 9000 + b'"'],
)
async def test_whatever_is_refused_is_kept(database: str, payload: bytes) -> None:
    await _refuse(database, "press", payload)
    await _refuse(database, "press", b'{"event_id": "' + payload[:4000] + b'"}')
    assert len(await run(database, "select from copq.rejected")) == 2


async def test_a_question_about_an_event_has_no_parameters(database: str) -> None:
    token = await grant(database, "press")
    async with served(database) as client:
        answer = await client.get("/v1/events/good?state=refused", headers=bearer(token))
    assert answer.status_code == 422
    said = answer.json()["detail"]
    assert said == '"state" is not a parameter of /v1/events/good (it has none)'
