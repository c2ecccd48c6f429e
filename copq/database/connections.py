"""Connections to Postgres that give up on a server that hangs."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

ANSWER_S = 10
STATEMENT_S = 60
"""No statement of a service takes a tenth of it: a longer one waits for a dead server."""

AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
        asyncpg.InternalClientError, asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError, asyncpg.TransactionRollbackError)  # fmt: skip
"""Temporary errors: the transaction was rolled back and may be tried again.

`InternalClientError` is what asyncpg says when a server dies in the middle of a COPY.
"""


class DatabaseRole(StrEnum):
    """What a connection may do in Postgres; migration 0090 grants it."""

    DOOR = "copq_door"
    """Knows the tokens."""
    INGEST = "copq_ingest"
    """Knows names, keeps forms, tells what became of an event; sees no cost."""
    COSTING = "copq_costing"
    """Reads rates."""
    AGGREGATOR = "copq_aggregator"
    """Books; changes no entry."""
    REPORTING = "copq_reporting"
    """Reads, of the lines that `copq.lines` names; writes nothing."""
    PROJECTS = "copq_projects"
    """Reads as reporting; proposes and runs projects and claims savings; decides nothing."""
    PACK = "copq_pack"
    """Reads as reporting; keeps which packs were sent."""
    FINANCE = "copq_finance"
    """Reads all; sets rates, targets and exchange rates, closes months; changes no entry."""
    ADMIN = "copq_admin"
    """Grants access; sees no cost."""


OWNER: DatabaseRole | None = None
"""No role: the database user itself, who owns the tables. For backup, restore and retention."""


class RoleRefused(Exception):
    """The database user may not act in this role; the message says what to do."""


async def take_role(connection: asyncpg.Connection, role: DatabaseRole) -> None:
    """Restrict the connection to the rights of `role`. Raises `RoleRefused`."""
    try:
        await connection.execute(f"set role {role}")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError) as error:
        user = await connection.fetchval("select session_user")
        raise RoleRefused(
            f'the database user "{user}" may not act as {role} ({error}); let an administrator of '
            f'the server run: grant {role} to "{user}"'
        ) from error


async def act_as(connection: asyncpg.Connection, role: DatabaseRole | None) -> None:
    """As `take_role`, for work of the service itself: it sees all lines."""
    if role is not None:
        await take_role(connection, role)
    await connection.execute("set copq.lines = '*'")


async def connect(dsn: str, role: DatabaseRole | None) -> asyncpg.Connection:
    """Raises `TimeoutError`, an `OSError`, if the server takes too long, now or later.

    Raises `RoleRefused`, too.
    """
    connection = await asyncpg.connect(dsn, timeout=ANSWER_S, command_timeout=STATEMENT_S)
    try:
        await act_as(connection, role)
    except BaseException:
        connection.terminate()
        raise
    return connection


@asynccontextmanager
async def connected(dsn: str, role: DatabaseRole | None) -> AsyncIterator[asyncpg.Connection]:
    """A connection that is closed after the body, and dropped if closing fails."""
    connection = await connect(dsn, role)
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
        # On cancellation asyncpg writes to a closed transport, which uvloop refuses.
        caller = asyncio.current_task()
        if not connection.is_closed() or (caller is not None and caller.cancelling()):
            raise
        lost = "connection was lost in the middle of a copy"
        raise asyncpg.ConnectionDoesNotExistError(lost) from None
    finally:
        task.cancel()
        connection.remove_termination_listener(give_up)
