"""Up to when bytes may be dropped: the one place for whatever limits a policy."""

from datetime import date, datetime

from asyncpg import Connection

from services.rates.book import RateBook
from services.reporting.names import check_names


async def bounds(
    conn: Connection, book: RateBook, before: date, plant: str | None
) -> dict[str, datetime]:
    """By plant the instant before which an event's bytes may go: the start of its day `before`.

    Raises `UnknownName`. What else a plant's bytes have to wait for, such as its months being
    locked, makes its instant an earlier one here.
    """
    await check_names(conn, book, plant, None, None)
    return {
        name: site.calendar.start_of(before)
        for name, site in book.sites.items()
        if plant in (None, name)
    }
