"""Postgres goes away in the middle of an act: the same key again, and it is done once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from copq.database.connections import DatabaseRole, connected
from copq.desk.once import do_once_as
from copq.rates.store import import_rates
from copq.rates.yaml_text import yaml_of
from tests.support.access.serving import run
from tests.support.building import rates
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import ADA, Browser
from tests.support.patience import PATIENCE_S

BUDGET = {"plant": "north", "amount": "1"}
PATH = "/v1/targets/budget"
AUDIT_LOCK = "select pg_advisory_lock(hashtextextended('copq.audit', 0))"
WAITS = (
    "select pid from pg_stat_activity where datname = current_database() "
    "and wait_event_type = 'Lock' and query like '%copq.budget%'"
)


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    async with desk_client(database) as client:
        yield client


async def test_an_act_that_lost_its_connection_is_sent_again_and_done_once(
    desk: DeskClient, database: str
) -> None:
    other = await asyncpg.connect(database)
    await other.execute(AUDIT_LOCK)
    lost = asyncio.create_task(desk.post(PATH, 503, json=BUDGET, key="k"))
    async with asyncio.timeout(PATIENCE_S):
        while not (waiting := await other.fetch(WAITS)):
            await asyncio.sleep(0.05)
        await other.execute("select pg_terminate_backend($1)", waiting[0]["pid"])
        answer = await lost
    assert "with the same Idempotency-Key" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "5"
    await other.close()
    done = await desk.post(PATH, json=BUDGET, key="k")
    assert "idempotency-replayed" not in done.headers
    again = await desk.post(PATH, json=BUDGET, key="k")
    assert again.headers["idempotency-replayed"] == "true" and again.text == done.text
    kept = await run(database, "select set_by from copq.budget")
    assert [row["set_by"] for row in kept] == ["ada"]


async def test_many_retries_of_one_request_delay_no_other_act(
    desk: DeskClient, database: str
) -> None:
    """They wait for each other without the connections that others need."""
    other = await asyncpg.connect(database)
    await other.execute(AUDIT_LOCK)
    retries = [asyncio.create_task(desk.post(PATH, json=BUDGET, key="k")) for _ in range(6)]
    async with asyncio.timeout(PATIENCE_S):
        while not await other.fetch(WAITS):
            await asyncio.sleep(0.05)
        assert (await desk.get("/v1/audit")).status_code == 200
    await other.close()
    answers = [await retry for retry in retries]
    assert len({answer.text for answer in answers}) == 1
    kept = await run(database, "select set_by from copq.budget")
    assert [row["set_by"] for row in kept] == ["ada"]


async def test_acts_without_postgres_are_refused_until_it_is_back(
    desk: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as patched:
        patched.setattr("copq.desk.desk.act_as", away)
        await desk.post(PATH, 503, json=BUDGET, key="k")
        await desk.get("/v1/jobs", 503)
    await desk.post(PATH, json=BUDGET, key="k")


@contextmanager
def answers_lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each act of a form is done and committed; then its connection is lost."""

    async def lost(*words: Any) -> None:
        await do_once_as(*words)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle")

    with monkeypatch.context() as patched:
        patched.setattr("copq.desk.pages.frame.do_once_as", lost)
        yield


def safe_to_send_again(page: str) -> None:
    assert "It is not known whether what you sent was done." in page
    assert "is safe" in page and "Send again" in page
    assert "Nothing was changed" not in page and "Idempotency-Key" not in page


async def test_a_form_whose_answer_is_lost_after_the_commit_is_done_once(
    desk: DeskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Browser(desk.client, ADA)
    await ada.upload(yaml_of(rates(recovery_rate="0.5")).encode())
    with answers_lost(monkeypatch):
        page = await ada.send("/finance/rates/submit", 503, why='5 > "4"')
        safe_to_send_again(page)
    assert "Another person of finance approves it now" in await ada.send("/finance/rates/submit")
    kept = await run(database, "select why from copq.rate_document where submitted_by = 'ada'")
    assert [row["why"] for row in kept] == ['5 > "4"']


async def test_a_file_whose_answer_is_lost_after_the_commit_is_imported_once(
    desk: DeskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, path = Browser(desk.client, ADA), "/finance/files/bases"
    data = b"plant,month,base,amount,currency\nnorth,2026-03,revenue,1000,EUR\n"
    with answers_lost(monkeypatch):
        page = await ada.upload(data, "bases.csv", 503, path, why="accounts", key="k")
    safe_to_send_again(page)
    assert "Choose the same file first." in page and 'name="key" value="k"' in page
    other = data.replace(b"1000", b"2000")
    page = await ada.upload(other, "bases.csv", 422, path, why="accounts", key="k")
    assert "Nothing was changed" in page
    page = await ada.upload(data, "bases.csv", path=path, why="accounts", key="k")
    assert "1 new" in page
    assert len(await run(database, "select 1 from copq.base_amount")) == 1


async def test_a_file_that_is_only_checked_without_postgres_has_changed_nothing(
    desk: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as patched:
        patched.setattr("copq.desk.pages.rates.keep_upload", away)
        page = await Browser(desk.client, ADA).upload(yaml_of(rates()).encode(), status=503)
    assert "Nothing was changed." in page and "Send it again in a moment." in page
    assert "Idempotency-Key" not in page
