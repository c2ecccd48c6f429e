"""`copq up` on a Postgres of the session's, with the rates of the documentation."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from copq.rates.file import parse_rates
from copq.rates.store import import_rates
from tests.support.faults.processes import Service, until
from tests.support.kafka.settings import free_ports

DOCS = Path(__file__).parents[4] / "docs"


@dataclass
class Standalone:
    url: str
    database: str


@pytest.fixture
async def standalone(database: str, tmp_path: Path) -> AsyncIterator[Standalone]:
    """The process that a newcomer starts, listening."""
    text = (DOCS / "rates.md").read_text("utf-8")
    conn = await asyncpg.connect(database)
    await import_rates(conn, parse_rates(re.findall(r"```yaml\n(.*?)```", text, re.S)[0]), "t", "t")
    await conn.close()
    [port] = free_ports(1)
    up = Service(tmp_path, "up", "up", "--database", database, "--port", str(port)).start()
    url = f"http://127.0.0.1:{port}"
    try:
        await until(lambda: _ready(url), "it is ready")
        yield Standalone(url, database)
        assert up.runs
    finally:
        print(up.tail())
        up.kill()


async def _ready(url: str) -> bool:
    async with httpx.AsyncClient(verify=False) as client:
        try:
            return (await client.get(f"{url}/readyz")).is_success
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            return False
