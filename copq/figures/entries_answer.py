"""The entries behind a figure: a page of them, and the parts of the figure that are not entries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from asyncpg import Connection

from copq.figures import entries_cursor
from copq.figures.books import Reading
from copq.figures.entries import EntryFilter, LedgerEntry, Part, Place, entries, parts
from copq.figures.entries_request import EntriesRequest
from copq.figures.explain import Explained
from copq.figures.explaining import explain_entries
from copq.figures.partial_entries import (
    Largest,
    OverEdge,
    Span,
    UnbookedShare,
    over_edges,
    unbooked_shares,
)
from copq.ledger.arithmetic import MONEY, ZERO
from copq.rates.book import RateBook

MOST = 500
"""The number of open stops, and of stops over an edge, that are listed. The sums include all."""


@dataclass(slots=True)
class EntriesFigure:
    """A figure in one currency: the booked sum, and what edges and open stops add."""

    currency: str
    booked: Decimal = ZERO
    edges: Decimal = ZERO
    open_stops: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        with localcontext(MONEY):
            return self.booked + self.edges + self.open_stops


@dataclass(frozen=True, slots=True)
class WholeFigure:
    """The whole figure of all pages: sums by element, parts that are not entries, and the total.

    `span` is the window of the entries, if they have one.
    """

    parts: list[Part]
    open_stops: Largest[UnbookedShare]
    edges: Largest[OverEdge]
    figures: list[EntriesFigure]
    span: Span | None


@dataclass(frozen=True, slots=True)
class EntriesAnswer:
    """A page of entries booked by `read_at`, newest first. Only the first page has `whole`."""

    book: RateBook
    which: EntryFilter
    at: datetime
    read_at: datetime
    entries: list[tuple[LedgerEntry, Explained]]
    next: Place | None
    whole: WholeFigure | None


async def answer_entries(
    reading: Reading, request: EntriesRequest, limit: int, cursor: str | None = None
) -> EntriesAnswer:
    """At most `limit` entries after the cursor.

    Raises `ValueError` on an impossible request. Call it in one snapshot.
    """
    conn = reading.conn
    which, span = await request.entry_filter(conn, reading.book, reading.now)
    place = entries_cursor.decode(cursor) if cursor else Place(await last_booking(conn))
    page = await entries(conn, which, place, limit)
    explained = await explain_entries(conn, reading.books, page.entries)
    whole = None if cursor else await _whole_figure(reading, which, span, place.read_at)
    return EntriesAnswer(
        reading.book, which, reading.now, place.read_at, explained, page.next, whole
    )


async def last_booking(conn: Connection) -> datetime:
    """The time of Postgres's clock, which also sets `booked_at`: this host's clock may be wrong."""
    found: datetime = await conn.fetchval("select now()")
    return found


async def _whole_figure(
    reading: Reading, which: EntryFilter, span: Span | None, read_at: datetime
) -> WholeFigure:
    booked = await parts(reading.conn, which, read_at)
    stops, edges = await partial_stops(reading, which, span, read_at, MOST)
    return WholeFigure(booked, stops, edges, _figures(booked, stops, edges), span)


async def partial_stops(
    reading: Reading, which: EntryFilter, span: Span | None, read_at: datetime,
    most: int | None = None,
) -> tuple[Largest[UnbookedShare], Largest[OverEdge]]:  # fmt: skip
    """The stops that are open until the window's end, and the stops over its edges.

    Both are empty for entries by the month in which they are booked: no open stop is booked.
    """
    if which.period or which.first_reported:
        return Largest(most), Largest(most)
    at = min(span.end, reading.now) if span else reading.now
    stops = await unbooked_shares(reading.conn, reading.book, which, at, span, most)
    if span is None:
        return stops, Largest(most)
    return stops, await over_edges(reading.conn, which, span, read_at, most)


def _figures(
    booked: Iterable[Part], stops: Largest[UnbookedShare], edges: Largest[OverEdge]
) -> list[EntriesFigure]:
    """The figures by currency: currencies are never added."""
    by_currency: dict[str, EntriesFigure] = {}
    sums = (
        ("booked", ((part.currency, part.net) for part in booked)),
        ("edges", edges.net.items()),
        ("open_stops", stops.net.items()),
    )
    with localcontext(MONEY):
        for name, amounts in sums:
            for currency, net in amounts:
                figure = by_currency.setdefault(currency, EntriesFigure(currency))
                setattr(figure, name, getattr(figure, name) + net)
    return list(by_currency.values())
