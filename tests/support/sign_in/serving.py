"""All of `copq up` without a socket, with the tokens and the sessions of a real database."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import unescape

import httpx
from fastapi import FastAPI

from copq.access.sessions import Sessions, door_pool
from copq.access.token_door import TokenDoor
from copq.desk.app import add_desk
from copq.desk.desk import acting_pool
from copq.ingest.http import make_http
from copq.ingest.people import add_people, people_pool
from copq.reporting.exporter.exporter import Exporter
from copq.reporting.exporter.http import add_metrics
from copq.reporting.results import add_results
from copq.reporting.source import reading_pool
from copq.sign_in.config import SignInConfig
from copq.sign_in.service import SignIn
from copq.sign_in.ways_in import door_of
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.building import book
from tests.support.sign_in.provider import ADDRESS, FakeProvider, config

SAME_SITE = {"sec-fetch-site": "same-origin"}
_NEXT = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def service(
    database: str,
    provider: FakeProvider,
    clock: Callable[[], datetime] = _now,
    settings: SignInConfig | None = None,
) -> AsyncIterator[FastAPI]:
    """The app; people sign in at `provider`."""
    makers = (pool_of, people_pool, reading_pool, door_pool, acting_pool)
    pools = [await make(database) for make in makers]
    tokens = TokenDoor(database)
    # Nothing is kept: an ended session is out at once.
    sessions = Sessions(pools[3], clock, monotonic=iter(range(0, 10**9, 10)).__next__)
    wanted = settings or config()
    sign_in = SignIn(wanted, provider.client(wanted), sessions)
    door = door_of(tokens, sign_in)
    app = make_http(intake := LedgerIntake(pools[0]), door)
    add_people(app, door, intake, pools[1], book, sign_in)
    add_metrics(app, Exporter(database), door)
    add_desk(app, pools[4], add_results(app, pools[2], door), intake, intake)
    reading = asyncio.create_task(tokens.run())
    try:
        yield app
    finally:
        reading.cancel()
        await sign_in.provider.close()
        for pool in pools:
            pool.terminate()


def browser(app: FastAPI, address: str = ADDRESS) -> httpx.AsyncClient:
    """A browser with its own cookies, which follows nothing by itself."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address)


async def sign_in(client: httpx.AsyncClient, provider: FakeProvider, go_to: str = "") -> str:
    """Sign in as the person of `provider`; the page that the browser is then sent to."""
    leaving = await client.get("/sign-in", params={"next": go_to})
    assert leaving.status_code == 303, leaving.text
    return next_page(await client.get(provider.approve(leaving.headers["location"])))


def next_page(said: httpx.Response) -> str:
    """Where a page sends the browser."""
    found = _NEXT.search(said.text)
    assert said.status_code == 200 and found, (said.status_code, said.text)
    return unescape(found[1])
