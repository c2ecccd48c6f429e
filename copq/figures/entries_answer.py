"""The entries behind a figure: a page of them, and what makes them the whole figure."""

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
"""Open stops, and stops over an edge, that are listed; the sums are of all."""


@dataclass(slots=True)
class EntriesFigure:
    """What a figure is in one currency: what is booked, and what edges and open stops add."""

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
    """All pages together: their sums by element, what is not an entry, and the figure of all.

    `span` is the window that the entries are of, if they are of one.
    """

    parts: list[Part]
    open_stops: Largest[UnbookedShare]
    edges: Largest[OverEdge]
    figures: list[EntriesFigure]
    span: Span | None


@dataclass(frozen=True, slots=True)
class EntriesAnswer:
    """A page of what was booked by `read_at`, newest first; `whole` is of the first page."""

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
    """At most `limit` entries behind the cursor.

    Raises `ValueError` on a request that is not possible. Call it in one snapshot.
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
    """Postgres's own clock, which `booked_at` is of: ours may go wrong."""
    found: datetime = await conn.fetchval("select now()")
    return found


async def _whole_figure(
    reading: Reading, which: EntryFilter, span: Span | None, read_at: datetime
) -> WholeFigure:
    booked = await parts(reading.conn, which, read_at)
    stops, edges = await stops_beside(reading, which, span, read_at, MOST)
    return WholeFigure(booked, stops, edges, _figures(booked, stops, edges), span)


async def stops_beside(
    reading: Reading, which: EntryFilter, span: Span | None, read_at: datetime,
    most: int | None = None,
) -> tuple[Largest[UnbookedShare], Largest[OverEdge]]:  # fmt: skip
    """The stops that are open, up to the window's end, and those over its edges.

    None where entries are asked for as they were booked in a month: no open stop is.
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
    """By currency: currencies are never added."""
    found: dict[str, EntriesFigure] = {}
    sums = (
        ("booked", ((part.currency, part.net) for part in booked)),
        ("edges", edges.net.items()),
        ("open_stops", stops.net.items()),
    )
    with localcontext(MONEY):
        for name, amounts in sums:
            for currency, net in amounts:
                figure = found.setdefault(currency, EntriesFigure(currency))
                setattr(figure, name, getattr(figure, name) + net)
    return list(found.values())
