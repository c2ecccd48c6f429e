"""All of `copq up` in the test's own loop, with something on every page of the desk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from copq.access.sender import Sender
from copq.access.token_door import TokenDoor
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import Step
from copq.ingest.http import make_http
from copq.ingest.intake import Intake
from copq.posting.post import prepare
from copq.projects.order import Order
from copq.projects.savings import claim
from copq.projects.steps import take
from copq.rates.yaml_text import yaml_of
from copq.standalone import server
from tests.support.building import book as book_of_rates
from tests.support.building import defect, post_with_rates, production, rates, stop
from tests.support.desk.asking import PeopleDoor
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.periods.building import shut
from tests.support.projects import OLGA, add_month, approved, with_ledger

DAY = "2026-03-02T10:00:00+01:00"
NEW_RATES = yaml_of(rates(recovery_rate="0.5")).encode()


class Everyone(PeopleDoor):
    """People as `PeopleDoor` knows them; nothing has to be read for it."""

    async def run(self) -> None:
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class AtWork:
    """A service that runs, its routes, and a client for its API."""

    url: str
    app: FastAPI
    intake: Intake
    client: httpx.AsyncClient

    async def post(self, path: str, by: str, **sent: Any) -> httpx.Response:
        answer = await self.client.post(path, headers={"Authorization": f"Bearer {by}"}, **sent)
        assert answer.is_success, (path, answer.text)
        return answer


@asynccontextmanager
async def at_work(database: str, patch: pytest.MonkeyPatch) -> AsyncIterator[AtWork]:
    """Serve until the body ends; a token is `role:name`."""
    made: list[FastAPI] = []

    def make(*words: Any, **named: Any) -> FastAPI:
        made.append(make_http(*words, **named))
        return made[0]

    patch.setattr(server, "make_http", make)
    [port] = free_ports(1)
    stop_, up, intakes = asyncio.Event(), asyncio.Event(), []

    async def companion(intake: Intake) -> None:
        intakes.append(intake)
        await stop_.wait()

    task = asyncio.create_task(
        server.serve(
            database, "127.0.0.1", port, stop_, companion, cast(TokenDoor, Everyone()),
            on_listening=up.set,
        )
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait(
                [task, asyncio.create_task(up.wait())], return_when=asyncio.FIRST_COMPLETED
            )
        async with httpx.AsyncClient(
            base_url=url,
            verify=False,
            trust_env=False,
            timeout=PATIENCE_S,
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client:
            yield AtWork(url, made[0], intakes[0], client)
    finally:
        stop_.set()
        with suppress(asyncio.CancelledError):
            await task


async def fill(database: str) -> None:
    """Months with costs, projects with claims; one month is closed, one event has no price."""
    conn = await asyncpg.connect(database)
    await prepare(conn)
    await with_ledger(conn)
    await approved(conn)
    one = await take(conn, "north", "caps", Step.START, Order(OLGA))
    for month in (date(2026, 1, 1), date(2026, 2, 1)):
        await add_month(conn, one, month, 80)
        await claim(conn, "north", "caps", month, BenefitType.HARD, None, Order(OLGA))
    await shut(conn, "2026-01")
    await post_with_rates(
        conn, book_of_rates(),
        [
            production("made", DAY, 900), defect("burr", DAY, 12, defect_code="burr"),
            defect("late", "2026-01-20T10:00:00+01:00"),
            defect("strange", DAY, product="a gadget that has no rate yet"),
            stop("jam", "2026-03-03T10:00:00+01:00", work_unit="packer-1"),
        ],
    )  # fmt: skip
    await conn.close()


async def act(site: AtWork) -> None:
    """Rates that were decided and that wait, a refused event, a repricing's plan, a proof."""
    wrong = [defect(f"wrong-{n}", DAY).replace(b'"quantity": 1', b'"quantity": -1') for n in (1, 2)]
    await site.intake.accept(wrong, Sender("olga"))
    name = {"name": "rates of 2027.yaml", "why": "costs of 2027, approved by the board"}
    for by in ("finance:ada", "finance:ben"):
        await site.post("/v1/rate-documents", by, params=name, content=NEW_RATES)
    csv = "plant,month,base,amount,currency\nnorth,2026-03,revenue,1000,EUR\n"
    await site.post("/v1/bases", "finance:ada", params={"name": "bases.csv"}, content=csv)
    await site.post("/v1/repricings/plan", "finance:ada", json={"from": "2026-01"})
    await site.post("/v1/verify", "finance:ada", json={})
