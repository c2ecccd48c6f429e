"""The limits of retention: until when bytes may be dropped."""

from datetime import date, datetime

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.names import check_names
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)


async def bounds(
    conn: Connection, book: RateBook, before: date, plant: str | None
) -> dict[str, datetime]:
    """For each plant, the instant before which bytes may be dropped: the start of its day `before`.

    A plant that closes months keeps the bytes of those that are open: they may still be priced
    again in their own month. Raises `UnknownName`.
    """
    await check_names(conn, book, plant, None, None)
    open_from = {row["plant"]: row["month"] for row in await conn.fetch(*_SQL.open_from())}
    return {
        name: site.calendar.start_of(min(before, open_from.get(name, before)))
        for name, site in book.sites.items()
        if plant in (None, name)
    }
