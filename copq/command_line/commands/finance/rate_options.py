"""What the commands of `copq rates` take, and how they work on the book."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from asyncpg import Connection

from copq.command_line.commands.finance.targets import share
from copq.command_line.database import query_database
from copq.command_line.exits import Exit
from copq.command_line.terminal import fail, refuse
from copq.database.connections import DatabaseRole
from copq.rates.documents import NoDocument, NotPossible
from copq.rates.file import RateFileError

T = TypeVar("T")
_FAULTS = 50
JumpOption = Annotated[
    str,
    typer.Option(
        envvar="COPQ_RATES_JUMP", help="Show figures that change by more than this share."
    ),
]
NumberArgument = Annotated[int, typer.Argument(help="The document; see copq rates documents.")]


def jump_share(text: str) -> Decimal:
    """The share of `--jump`."""
    found = share(text)
    if found is None or found < 0:
        fail(f'--jump: "{text}" is not a share: write 25% or 0.25')
    return found


def run(work: Callable[[Connection, datetime], Awaitable[T]], url: str | None, data: Path) -> T:
    """The result of `work`, given a connection and the current time.

    Ends the command with a message if the step is not possible.
    """

    async def ask(conn: Connection) -> T:
        return await work(conn, datetime.now(UTC))

    try:
        return query_database(ask, url, data, DatabaseRole.FINANCE)
    except NotPossible as error:
        fail(str(error), Exit.USAGE if isinstance(error, NoDocument) else Exit.NO)


def refuse_rates(what: str, error: RateFileError) -> NoReturn:
    """End the command and list the first faults of a rate file."""
    refuse(what, error.faults, _FAULTS)
