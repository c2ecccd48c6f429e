"""The service itself on a free port, in the test's own loop, with the tokens of a real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import httpx

from copq.access.door import Role
from copq.access.limits import NO_LIMITS, Limits
from copq.access.sender import Lines
from copq.access.store import Grant, add_token, revoke_token
from copq.access.token import new_token
from copq.access.token_door import TokenDoor
from copq.ingest.http import make_http
from copq.ingest.people import add_people, people_pool
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.standalone.intake import LedgerIntake, pool_of
from copq.web.serving import serve_http
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S


@dataclass
class Clock:
    """Stands until the test moves it; it starts at the present."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now


async def grant(
    database: str, name: str, role: Role = Role.OPERATOR, lines: Lines | None = None,
    limits: Limits = NO_LIMITS, expires_at: datetime | None = None,
) -> str:  # fmt: skip
    """The text of a new token."""
    token = new_token()
    conn = await asyncpg.connect(database)
    await add_token(conn, Grant(name, role, lines, limits, expires_at), token, "test")
    await conn.close()
    return token.text


async def revoke(database: str, name: str) -> None:
    conn = await asyncpg.connect(database)
    assert await revoke_token(conn, name, "test")
    await conn.close()


async def run(database: str, sql: str, *values: object) -> list[asyncpg.Record]:
    conn = await asyncpg.connect(database)
    try:
        rows: list[asyncpg.Record] = await conn.fetch(sql, *values)
        return rows
    finally:
        await conn.close()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def served(
    database: str, door: TokenDoor | None = None, book: RateBook | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that asks for tokens."""
    [port] = free_ports(1)
    stop, door = asyncio.Event(), door or TokenDoor(database)
    pool, people = await pool_of(database), await people_pool(database)
    async with pool.acquire() as conn:
        rates = book or await load(conn)
    app = make_http(intake := LedgerIntake(pool), door)
    add_people(app, door, intake, people, lambda: rates)
    reading = asyncio.create_task(door.run())
    serving = asyncio.create_task(serve_http(app, "127.0.0.1", port, stop))
    try:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(
            verify=False, base_url=url, trust_env=False, timeout=PATIENCE_S
        ) as client:
            await _listens(client)
            yield client
    finally:
        stop.set()
        await serving
        reading.cancel()
        pool.terminate()
        people.terminate()


async def _listens(client: httpx.AsyncClient) -> None:
    while True:
        try:
            await client.get("/healthz")
            return
        except httpx.TransportError:
            await asyncio.sleep(0.05)
