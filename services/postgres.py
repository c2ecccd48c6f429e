"""Connections to Postgres that do not wait for ever for a server that hangs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

ANSWER_S = 10
STATEMENT_S = 60
"""No statement of a service takes a tenth of it: what takes longer is asked of a dead server."""

AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
        asyncpg.InternalClientError, asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError, asyncpg.TransactionRollbackError)  # fmt: skip
"""Errors that pass: what was rolled back may be tried again.

`InternalClientError` is what asyncpg says when a server dies in the middle of a COPY.
"""


async def connect(dsn: str) -> asyncpg.Connection:
    """Raises `TimeoutError`, an `OSError`, where the server takes too long, now or later."""
    return await asyncpg.connect(dsn, timeout=ANSWER_S, command_timeout=STATEMENT_S)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that is closed in order after the body, and dropped where that fails."""
    connection = await connect(dsn)
    try:
        yield connection
        await connection.close(timeout=ANSWER_S)
    finally:
        connection.terminate()
