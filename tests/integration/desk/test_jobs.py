"""Long work by API: asked for once, done in the background, seen, cancelled."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from copq.database.connections import DatabaseRole, connected
from copq.desk import jobs, works
from copq.desk.jobs import Job
from copq.desk.working import keep_working
from copq.desk.works import Progress
from copq.posting.post import prepare
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import book, defect, plant, post_events, rates
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import ADA, Browser
from tests.support.patience import PATIENCE_S


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    async with connected(database, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        await post_events(conn, book(plant(), plant("south")), [
            defect("d", "2026-03-02T10:00:00+01:00")
        ])  # fmt: skip
    working = asyncio.create_task(keep_working(database, every_s=0.05))
    async with desk_client(database) as client:
        yield client
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


async def ended(desk: DeskClient, asked: Any, by: str = "finance:ada") -> Any:
    assert asked.headers["retry-after"] == "1"
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await desk.get(asked.headers["location"], by=by)
            if "retry-after" not in answer.headers:
                return answer.json()
            await asyncio.sleep(0.05)


async def test_a_plan_says_what_a_repricing_would_change_in_money(
    desk: DeskClient, database: str
) -> None:
    new = rates(plant(), plant("south"), recovery_rate="0.5")
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, new, "rates.yaml", "test")
    plan = await ended(desk, await desk.post("/v1/repricings/plan", 202, json={"from": "2026-03"}))
    [change] = plan["answer"]["changes"]
    assert (change["plant"], change["product"], change["month"]) == ("north", "widget", "2026-03")
    assert (change["net_before"], change["net_after"]) == ("10", "8")
    assert (await run(database, "select count(*) as n from copq.ledger"))[0]["n"] == 1
    asked = await desk.post("/v1/repricings", 202, json={"plant": "north", "why": "late"}, key="k")
    done = await ended(desk, asked)
    assert done["answer"]["changes"] == plan["answer"]["changes"]
    await desk.post("/v1/repricings", 202, json={"plant": "north", "why": "late"}, key="k")
    [listed] = (await desk.get("/v1/repricings")).json()["rows"]
    assert (listed["why"], listed["started_by"], listed["state"]) == ("late", "ada", "done")
    assert len((await desk.get("/v1/jobs")).json()["rows"]) == 2


async def test_proofs_run_in_the_background(desk: DeskClient) -> None:
    all_right = await ended(desk, await desk.post("/v1/verify", 202, json={}))
    assert all_right["answer"]["differences"] == []
    assert all_right["answer"]["entries_recomputed"] == 1
    trail = await ended(desk, await desk.post("/v1/audit/verify", 202))
    assert trail["answer"]["faults"] == [] and trail["progress"] == trail["answer"]["rows"] > 0
    wrong = f"1:{'0' * 64}"
    other = await ended(desk, await desk.post("/v1/audit/verify", 202, json={"expect": wrong}))
    assert "another seal" in other["answer"]["faults"][0]["what"]


async def test_anchors_are_made_kept_elsewhere_and_compared(
    desk: DeskClient, database: str
) -> None:
    path = "/v1/audit/anchors"
    for _ in range(2):  # the answer to the first was lost
        asked = await desk.post(path, 202, json={"why": "month end"}, key="k")
    made = (await ended(desk, asked))["answer"]
    assert (made["anchor"], made["entries"], made["events"]) == (1, 1, 1)
    kept = await desk.get(path)
    lines = kept.text.splitlines()
    assert len(lines) == 2 and made["digest"] in lines[0] and "attachment" in str(kept.headers)
    same = await ended(desk, await desk.post(f"{path}/compare", 202, content=kept.content))
    assert (same["answer"]["faults"], same["answer"]["differences"]) == ([], [])
    assert same["request"]["anchors"] == 1
    conn = await asyncpg.connect(database)
    await conn.execute("set session_replication_role = replica")
    await conn.execute("update copq.ledger set product = 'other'")
    await conn.close()
    other = await ended(desk, await desk.post(f"{path}/compare", 202, content=kept.content))
    [changed] = other["answer"]["differences"]
    assert changed["subject"]["of"] == "entries" and changed["subject"]["plant"] == "north"
    for by in ("finance:sue:south", "manager:mia"):
        await desk.post(path, 403, by=by)
        await desk.get(path, 403, by=by)
        await desk.post(f"{path}/compare", 403, by=by, content=kept.content)


async def test_proofs_are_asked_for_and_read_on_their_page(desk: DeskClient, database: str) -> None:
    ada, path = Browser(desk.client, ADA), "/finance/proofs"

    async def result(page: str) -> str:
        [number] = re.findall(r'page">[^<]*?(\d+) <span class="badge"', page)
        async with asyncio.timeout(PATIENCE_S):
            while 'class="badge">done' not in await ada.open(f"{path}/{number}"):
                await asyncio.sleep(0.05)
        return ada.page

    assert "There is none yet" in await ada.open(path)
    before = ada.page
    page = await result(await ada.send(f"{path}/anchor", why="month end"))
    assert "Anchor 1: 1 entries and 1 events" in page
    ada.page = before
    assert await result(await ada.send(f"{path}/anchor", why="month end")) == page
    kept = (await desk.get("/v1/audit/anchors")).content
    page = await result(await ada.upload(kept, "kept.ndjson", 200, f"{path}/compare"))
    assert "All is as it was written" in page and "kept.ndjson, 1 anchors" in page
    await ada.open(path)
    page = await result(await ada.send(f"{path}/figures", plant="north", month="2026-03"))
    assert "1 entries were computed again" in page
    await ada.open(path)
    wrong = await ada.send(f"{path}/trail", 422, expect="soon")
    assert "is not a head" in wrong and 'value="soon"' in wrong
    page = await result(await ada.send(f"{path}/trail", expect=f"1:{'0' * 64}"))
    assert "another seal" in page and "1 differences" in page
    listed = await ada.open(path)
    assert "all as it was written" in listed and "1 differences" in listed
    refused = await ada.upload(b"{}", "a.ndjson", 422, f"{path}/compare")
    assert "The file a.ndjson: line 1" in refused
    some = Browser(desk.client, {"Authorization": "Bearer finance:sue:south"})
    assert "Make an anchor" not in await some.open(path)


@pytest.mark.parametrize(
    ("file", "says"),
    [(b"", "the head of the audit trail, is missing"), (b"{}", "line 1"), (b"\xff", "utf-8")],
)
async def test_a_file_without_anchors_is_refused_at_once(
    desk: DeskClient, file: bytes, says: str
) -> None:
    refused = await desk.post("/v1/audit/anchors/compare", 422, content=file, name="a.ndjson")
    assert says in refused.text and "a.ndjson: " in refused.text


async def test_work_is_cancelled_while_it_runs(
    desk: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = asyncio.Event()

    async def forever(dsn: str, job: Job, progress: Progress) -> Any:
        progress.seen, progress.total = 3, 7
        try:
            await asyncio.sleep(3_600)
        finally:
            gone.set()

    monkeypatch.setitem(works.WORKS, works.VERIFY, forever)
    asked = await desk.post("/v1/verify", 202, json={})
    path = asked.headers["location"]
    async with asyncio.timeout(PATIENCE_S):
        while (await desk.get(path)).json()["progress"] != 3:
            await asyncio.sleep(0.05)
        done = await desk.post(f"{path}/cancel", json={"why": "too slow"}, by="finance:ben")
        await gone.wait()
    assert (done.json()["state"], done.json()["ended_by"]) == ("cancelled", "ben")
    await desk.post(f"{path}/cancel", 409)


async def test_a_job_is_forgotten_after_ninety_days(desk: DeskClient, database: str) -> None:
    for _ in range(2):
        done = await ended(desk, await desk.post("/v1/audit/verify", 202))
    old = "update copq.job set ended_at = now() - interval '91 days' where job <> $1 returning job"
    assert await run(database, old, done["job"])
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await jobs.forget(conn)
    [kept] = (await desk.get("/v1/jobs")).json()["rows"]
    assert kept["job"] == done["job"]


async def test_work_that_fails_says_why(desk: DeskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(dsn: str, job: Job, progress: Progress) -> Any:
        raise RuntimeError("no such thing")

    monkeypatch.setitem(works.WORKS, works.VERIFY, fails)
    failed = await ended(desk, await desk.post("/v1/verify", 202, json={}))
    assert failed["state"] == "failed" and "no such thing" in failed["message"]


@pytest.mark.parametrize(
    ("path", "sent", "says"),
    [
        ("repricings", {"plant": "north"}, "why"),
        ("repricings", {"why": "x", "plant": "nort"}, "its plants: north, south"),
        ("repricings/plan", {"from": "soon"}, "soon"),
        ("repricings/plan", {"from": "2026-04", "to": "2026-03"}, "to must be after from"),
        ("verify", {"month": "march"}, "march"),
        ("verify", {"sample": 0}, "sample"),
        ("audit/verify", {"expect": "x"}, "is not a head"),
    ],
)
async def test_work_that_is_asked_for_wrongly_is_refused_at_once(
    desk: DeskClient, path: str, sent: dict[str, object], says: str
) -> None:
    assert says in (await desk.post(f"/v1/{path}", 422, json=sent)).text


async def test_a_token_of_one_plant_works_on_its_own(desk: DeskClient) -> None:
    sue = "finance:sue:south"
    await desk.post("/v1/repricings", 403, by=sue, json={"why": "x"})
    await desk.post("/v1/repricings/plan", 403, by=sue, json={"plant": "north"})
    await desk.post("/v1/audit/verify", 403, by=sue)
    asked = await desk.post("/v1/repricings/plan", 202, by=sue, json={"plant": "south"})
    await ended(desk, asked, sue)
    other = await desk.post("/v1/repricings/plan", 202, json={})
    await desk.get(other.headers["location"], 404, by=sue)
    assert len((await desk.get("/v1/jobs", by=sue)).json()["rows"]) == 1
    await desk.get("/v1/jobs/99", 404)


async def test_a_repricing_is_planned_seen_and_applied_by_form(
    desk: DeskClient, database: str
) -> None:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        new = rates(plant(), plant("south"), recovery_rate="0.5")
        await import_rates(conn, new, "rates.yaml", "test")
    ada = Browser(desk.client, ADA)
    path = "/finance/repricing"
    await ada.open(path)
    assert "is not in the rate book" in await ada.send(path, 422, what="plan", plant="nort")
    await ada.send(path, what="plan", plant="north")
    plan = await shown(ada, f"{path}/1")
    assert "What would change" in plan and "−2.00" in plan
    assert "Say why it is repriced" in await ada.send(path, 422, what="apply", plant="north")
    await ada.open(f"{path}/1")
    await ada.send(path, what="apply", why="invoice 4711 came late")
    assert "What has changed" in await shown(ada, f"{path}/2")
    assert "invoice 4711 came late" in await ada.open(path)
    assert (await run(database, "select sum(net) as net from copq.ledger"))[0]["net"] == 8


async def shown(browser: Browser, path: str) -> str:
    """The page of a job once it has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while "This page reloads by itself" in await browser.open(path):
            await asyncio.sleep(0.05)
    return browser.page
