"""What the imports of finance share: a file is read and stored as a whole, or refused."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from asyncpg import Connection

from copq.access.authority import Actor
from copq.access.door import Role
from copq.command_line.acting import actor
from copq.command_line.database import query_database
from copq.command_line.terminal import cannot, refuse
from copq.database.connections import DatabaseRole
from copq.rates.book import RateBook
from copq.rates.file import RateFileError
from copq.rates.store import load

File = TypeVar("File")
Imported = TypeVar("Imported")


def read_or_refuse(read: Callable[[Path], File], file: Path) -> File:
    """What `read` makes of a file; the command ends with its faults, or if it cannot be opened."""
    try:
        return read(file)
    except OSError as error:
        cannot("read", file, error)
    except RateFileError as error:
        refuse(f"{file} is refused; nothing was imported", error.faults)


def import_as_finance(
    store: Callable[[Connection, File, RateBook, str, Actor, str], Awaitable[Imported]],
    file: File, source: str, by: str, why: str, url: str | None, data: Path,
    refused: str = "nothing was imported",
) -> Imported:  # fmt: skip
    """What `store` says it imported; the command ends with its faults."""

    async def ask(conn: Connection) -> Imported:
        setter, book = await actor(conn, Role.FINANCE, by), await load(conn)
        return await store(conn, file, book, source, setter, why)

    try:
        return query_database(ask, url, data, DatabaseRole.FINANCE)
    except RateFileError as error:
        refuse(refused, error.faults)
