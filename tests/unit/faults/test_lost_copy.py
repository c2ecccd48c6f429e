"""A server that dies while rows are being copied to it, with its client's buffers full."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from copq.database.connections import DatabaseRole, connect, while_connected
from tests.support.faults.own_postgres import OwnPostgres


async def test_a_copy_ends_with_its_server(tmp_path: Path) -> None:
    postgres = await asyncio.to_thread(OwnPostgres, tmp_path / "data")
    conn = await connect(postgres.database, DatabaseRole.AGGREGATOR)
    await conn.execute("create temporary table row (value text)")
    sent = Sent()
    copying = asyncio.create_task(
        while_connected(conn, conn.copy_to_table("row", source=sent.rows()))
    )
    await sent.some()
    postgres.freeze()
    await sent.nothing_more()
    postgres.kill()
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await asyncio.wait_for(copying, 20)
    await asyncio.to_thread(postgres.start)
    await asyncio.to_thread(postgres.close)


class Sent:
    """Rows without end, and how many of them were taken."""

    def __init__(self) -> None:
        self.count = 0

    async def rows(self) -> AsyncIterator[bytes]:
        while True:
            self.count += 1
            yield b"x" * 10_000 + b"\n"

    async def some(self) -> None:
        while self.count < 100:
            await asyncio.sleep(0.01)

    async def nothing_more(self) -> None:
        before = -1
        while before != self.count:
            before = self.count
            await asyncio.sleep(0.5)
