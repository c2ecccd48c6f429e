"""The fences of one topic, read and created on a connection of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg import Connection

from copq.aggregator.fence import read_fence
from copq.database.connections import DatabaseRole, connect
from copq.kafka.fence import Fence


class FenceConnection:
    """Keeps its connection, since fences are read every few seconds.

    It runs one query at a time: partitions may be assigned while other fences are read.
    """

    def __init__(self, dsn: str, topic: str) -> None:
        self._dsn, self._topic = dsn, topic
        self._conn: Connection | None = None
        self._asking = asyncio.Lock()

    async def read(self) -> dict[int, Fence]:
        """The fences of all partitions. Raises an error of `AWAY`; then `disconnect`."""
        async with self._asking:
            return await read_fence(await self._connection(), self._topic)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction; gives the connection that it runs on."""
        async with self._asking:
            conn = await self._connection()
            async with conn.transaction():
                yield conn

    def disconnect(self) -> None:
        """Close the connection; the next query opens another."""
        if self._conn is not None:
            self._conn.terminate()
            self._conn = None

    async def _connection(self) -> Connection:
        if self._conn is None or self._conn.is_closed():
            self._conn = await connect(self._dsn, DatabaseRole.AGGREGATOR)
        return self._conn
