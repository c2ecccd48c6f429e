"""Which database a command works on: a server by its address, else the data folder's own."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Annotated, TypeVar

import asyncpg
import typer

from copq.access.door import NotAllowed
from copq.command_line.exits import Exit
from copq.command_line.terminal import fail
from copq.database.address import AddressError, check_address
from copq.database.connections import DatabaseRole, RoleRefused, act_as
from copq.database.migrate import SchemaMismatch, check, migrate
from copq.embedded_postgres.server import EmbeddedPostgres, EmbeddedPostgresError
from copq.process.system_errors import plainly


def checked_address(dsn: str | None) -> str | None:
    """Callback of an option: the same address. A malformed one is refused without showing it."""
    try:
        return None if dsn is None else check_address(dsn)
    except AddressError as error:
        raise typer.BadParameter(str(error)) from None


DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="DATABASE_URL",
        help="Postgres to use, such as postgresql://user@host/copq. Without it: the data folder.",
        show_default=False,
        callback=checked_address,
    ),
]
RequiredDatabase = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="DATABASE_URL",
        help="Postgres with rates and ledger.",
        callback=checked_address,
    ),
]
DataOption = Annotated[
    Path,
    typer.Option("--data", envvar="COPQ_DATA", help="Folder of the embedded Postgres."),
]
T = TypeVar("T")
DATA = Path("copq-data")
CHECK_IT = "Check --database (or DATABASE_URL), and that the server runs"
_LONGEST = 63
"""Bytes of an application's name in Postgres."""


@contextmanager
def database(url: str | None, data: Path) -> Iterator[str]:
    """The address of a database with the right schema; the embedded one is created if needed.

    See `opened_database`.
    """
    with opened_database(url, data) as (dsn, _):
        yield dsn


@contextmanager
def opened_database(url: str | None, data: Path) -> Iterator[tuple[str, EmbeddedPostgres | None]]:
    """As `database`, together with the embedded server if that is used.

    Ends the command with `Exit.UNAVAILABLE` where the server does not answer or its schema is
    another version's.
    """
    if url is not None:
        or_unavailable(lambda: check(url))
        yield url, None
        return
    with embedded_server(data) as (dsn, embedded):
        or_unavailable(lambda: migrate(dsn))
        yield dsn, embedded


@contextmanager
def embedded_server(data: Path) -> Iterator[tuple[str, EmbeddedPostgres]]:
    """The server of the data folder, whatever its schema's version. It is stopped at the end."""
    embedded = EmbeddedPostgres(data)
    try:
        yield or_unavailable(embedded.start), embedded
    finally:
        embedded.stop()


def or_unavailable(step: Callable[[], T]) -> T:
    """The result of the step. Ends the command if Postgres does not answer or cannot be used."""
    try:
        return step()
    except (SchemaMismatch, EmbeddedPostgresError) as error:
        fail(str(error), Exit.UNAVAILABLE)
    except OSError as error:
        fail(f"Postgres does not answer: {plainly(error)}. {CHECK_IT}", Exit.UNAVAILABLE)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"Postgres: {plainly(error)}", Exit.UNAVAILABLE)


def query_database(
    ask: Callable[[asyncpg.Connection], Awaitable[T]],
    url: str | None,
    data: Path,
    role: DatabaseRole | None = DatabaseRole.REPORTING,
) -> T:
    """The result of `ask`, given a connection that acts as `role`. See `database`, `connected`."""

    async def connect(dsn: str) -> T:
        async with connected(dsn, role) as connection:
            return await ask(connection)

    with database(url, data) as dsn:
        return asyncio.run(connect(dsn))


@asynccontextmanager
async def connected(
    dsn: str, role: DatabaseRole | None = DatabaseRole.REPORTING
) -> AsyncIterator[asyncpg.Connection]:
    """A connection for the length of a command; Postgres knows which command it is, and where.

    Ends the command where the database user may not act as `role`, or the holder of the token
    may not decide what the command decides.
    """
    command = " ".join(["copq", *takewhile(str.isalpha, sys.argv[1:3])])
    told = f"{command} on {socket.gethostname()}"
    connection = await asyncpg.connect(dsn, server_settings={"application_name": told[:_LONGEST]})
    try:
        await act_as(connection, role)
        yield connection
    except RoleRefused as error:
        fail(str(error), Exit.UNAVAILABLE)
    except NotAllowed as error:
        fail(str(error), Exit.NO)
    finally:
        await connection.close()
