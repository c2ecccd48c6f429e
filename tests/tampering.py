"""What only a superuser can do, and says so: change what is append-only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg import Connection


@asynccontextmanager
async def tampering(conn: Connection) -> AsyncIterator[None]:
    """Without the triggers that keep the ledger, the audit trail and the rest as they are."""
    await conn.execute("set session_replication_role = replica")
    try:
        yield
    finally:
        await conn.execute("reset session_replication_role")
