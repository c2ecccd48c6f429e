"""Months by API: closed, reopened and locked, each step once and of the version that was read."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from copq.database.connections import DatabaseRole, connected
from copq.periods import closing
from copq.posting.post import prepare
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import book, defect, post_events, rates, stop
from tests.support.desk.asking import DeskClient, desk_client

PATH = "/v1/periods/north/2026-03"


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    async with connected(database, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        await post_events(conn, book(), [
            defect("d", "2026-03-02T10:00:00+01:00"), stop("s", "2026-03-03T10:00:00+01:00")
        ])  # fmt: skip
    async with desk_client(database) as client:
        yield client


async def test_a_month_is_closed_reopened_and_locked(desk: DeskClient, database: str) -> None:
    read = await desk.get(PATH)
    assert read.json()["unfinished"]["stops"] == 1
    refused = await desk.post(f"{PATH}/close", 409, match=read.headers["etag"])
    assert "stop still open" in refused.json()["detail"]
    body = {"accept": ["stops"], "why": "month end"}
    closed = await desk.post(f"{PATH}/close", match=read.headers["etag"], json=body, key="c")
    assert len(closed.json()["digest"]) == 64
    again = await desk.post(f"{PATH}/close", match=read.headers["etag"], json=body, key="c")
    assert again.text == closed.text and again.headers["idempotency-replayed"] == "true"
    await desk.post(f"{PATH}/close", 412, match=read.headers["etag"], json=body)
    after = (await desk.get(PATH)).headers["etag"]
    await desk.post(f"{PATH}/close", 409, match=after, json=body)
    await desk.post(f"{PATH}/reopen", 422, match=after, json={})
    await desk.post(f"{PATH}/reopen", match=after, json={"why": "credit note"}, by="finance:ben")
    state = await desk.get(PATH)
    assert (state.json()["state"], len(state.json()["steps"])) == ("open", 2)
    await desk.post(f"{PATH}/lock", 409, match=state.headers["etag"], json={"why": "audited"})
    who = await run(
        database, "select distinct who from copq.audit where who not in ('postgres', 'test')"
    )
    assert {row["who"] for row in who} == {"ada", "ben"}


async def test_a_double_click_closes_once(desk: DeskClient) -> None:
    etag = (await desk.get(PATH)).headers["etag"]
    both = await asyncio.gather(*(
        desk.post(f"{PATH}/close", match=etag, key="k", json={"accept": ["stops"]})
        for _ in range(2)
    ))  # fmt: skip
    assert both[0].text == both[1].text
    assert len((await desk.get(PATH)).json()["steps"]) == 1


async def test_what_is_asked_wrongly_is_named(desk: DeskClient) -> None:
    etag = (await desk.get(PATH)).headers["etag"]
    said = await desk.post(f"{PATH}/close", 422, match=etag, json={"accept": ["stop"]})
    assert "is none of unpriced, corrections, stops, rates" in said.text
    await desk.post(f"{PATH}/close", 422, match=etag, json={"accepts": []})
    await desk.post(f"{PATH}/close", 422, match=etag, content=b"[" * 50_000)
    await desk.post(f"{PATH}/close", 413, match=etag, content=bytes(100_000))
    await desk.get("/v1/periods/nort/2026-03", 404)
    await desk.get("/v1/periods/north/march", 404)
    await desk.post(f"{PATH}/close", 403, match=etag, by="manager:mia")
    await desk.get(PATH, 403, by="finance:sue:south")
    await desk.post(f"{PATH}/close", 403, match=etag, by="finance:sue:south")


async def test_a_closing_that_was_killed_is_finished_by_sending_it_again(
    desk: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object) -> bool:
        raise ConnectionError("gone")

    etag = (await desk.get(PATH)).headers["etag"]
    body = {"accept": ["stops"]}
    with monkeypatch.context() as patched:
        patched.setattr(closing, "sign_off", killed)
        await desk.post(f"{PATH}/close", 503, match=etag, key="k", json=body)
    page = await desk.get("/finance/months/north/2026-03")
    assert "Finish signing off" in page.text
    closed = await desk.post(f"{PATH}/close", match=etag, key="k", json=body)
    assert len(closed.json()["digest"]) == 64
    assert [step["what"] for step in (await desk.get(PATH)).json()["steps"]] == ["closed"]
