"""Explanations of many entries: reads the event and the rates of each one."""

from collections.abc import Iterable

from asyncpg import Connection

from copq.figures.books import Books
from copq.figures.entries import LedgerEntry
from copq.figures.explain import Explained, explain
from copq.figures.used_rates import used_rates
from copq.schemas.decode import decode_strictly
from copq.schemas.events import Event


async def explain_entries(
    conn: Connection, books: Books, entries: Iterable[LedgerEntry]
) -> list[tuple[LedgerEntry, Explained]]:
    """Each entry with its explanation, in the given order."""
    newest = await books.newest(conn)
    return [
        (entry, explain(entry, event_of(entry), await used_rates(conn, books, newest, entry)))
        for entry in entries
    ]


def event_of(entry: LedgerEntry) -> Event | None:
    """The event that caused the entry; None if several may have caused it."""
    return decode_strictly(entry.payload.encode()) if entry.payload else None
