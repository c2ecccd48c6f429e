"""Connections to Postgres that do not wait for ever for a server that hangs."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

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


async def while_connected(connection: asyncpg.Connection, work: Coroutine[Any, Any, T]) -> T:
    """Await `work` on a connection; raises `ConnectionDoesNotExistError` once that is lost.

    For a COPY: asyncpg waits for room in its buffers for ever, even when the server has gone.
    """
    task = asyncio.ensure_future(work)

    def give_up(_: Any) -> None:
        task.cancel()

    connection.add_termination_listener(give_up)
    try:
        return await task
    except (asyncio.CancelledError, RuntimeError):
        # As it is cancelled asyncpg writes to what is closed, which uvloop refuses.
        caller = asyncio.current_task()
        if not connection.is_closed() or (caller is not None and caller.cancelling()):
            raise
        lost = "connection was lost in the middle of a copy"
        raise asyncpg.ConnectionDoesNotExistError(lost) from None
    finally:
        task.cancel()
        connection.remove_termination_listener(give_up)
