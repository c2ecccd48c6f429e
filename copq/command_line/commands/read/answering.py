"""One way from a command's options to its answer: read with the rate book, printed as asked."""

import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from asyncpg import Connection

from copq.command_line.database import query_database
from copq.command_line.terminal import fail
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.reporting.spreadsheet import lines, rows_as_csv

T = TypeVar("T")
Ask = Callable[[Connection, RateBook, datetime], Awaitable[T]]


def read_answer(ask: Ask[T], database_url: str | None, data: Path) -> T:
    """The result of `ask`, given a connection, the newest rate book and the instant of the answer.

    Ends the command where `ask` raises `ValueError`: the question is not possible.
    """

    async def read(conn: Connection) -> T:
        book = await load(conn)
        try:
            return await ask(conn, book, datetime.now(UTC))
        except ValueError as error:
            fail(str(error))

    return query_database(read, database_url, data)


def print_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a table as CSV, with the cells that the API's has."""
    sys.stdout.write(lines([columns]) + rows_as_csv(columns, rows))
