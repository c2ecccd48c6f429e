"""The entries behind a figure as a table, with one column that adds up to the figure."""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from copq.figures.books import Reading
from copq.figures.entries import EntryFilter, LedgerEntry, all_entries
from copq.figures.entries_answer import last_booking, partial_stops
from copq.figures.entries_json import FIELDS, fields_of
from copq.figures.explain import Explained
from copq.figures.explaining import explain_entries
from copq.figures.partial_entries import Span, UnbookedShare
from copq.figures.partial_entries_json import so_far_json
from copq.figures.report import zone_of
from copq.rates.book import RateBook

COLUMNS = (*FIELDS, "counted", "formula", "agrees", "note", "event")


async def table_rows(
    reading: Reading, which: EntryFilter, window: Span | None = None
) -> AsyncIterator[list[dict[str, Any]]]:
    """The rows of a figure, by `COLUMNS`. The column `counted` adds up to the figure.

    First come open stops, which have no number and are not booked, and stops that began before the
    window, which count by their share. The entries follow, each with its event's bytes.
    """
    read_at = await last_booking(reading.conn)
    stops, edges = await partial_stops(reading, which, window, read_at)
    yield [_open_row(stop, reading.book) for stop in stops.shown]
    shares = {(edge.entry.event_id, edge.entry.entry_no): edge.net for edge in edges.shown}
    yield await _rows(reading, [edge.entry for edge in edges.shown if not edge.listed], shares)
    async for page in all_entries(reading.conn, which, read_at):
        yield await _rows(reading, page.entries, shares)


def _open_row(share: UnbookedShare, book: RateBook) -> dict[str, Any]:
    fields = so_far_json(share, book)
    return {
        **fields, "event_type": "downtime", "occurred_at": fields["started_at"], "net": None,
        "counted": share.net, "event": share.payload,
    }  # fmt: skip


async def _rows(
    reading: Reading, entries: Sequence[LedgerEntry], shares: Mapping[tuple[str, int], Decimal]
) -> list[dict[str, Any]]:
    explained = await explain_entries(reading.conn, reading.books, entries)
    return [_row(entry, why, reading.book, shares) for entry, why in explained]


def _row(
    entry: LedgerEntry, why: Explained, book: RateBook, shares: Mapping[tuple[str, int], Decimal]
) -> dict[str, Any]:
    return {
        **fields_of(entry, zone_of(book, entry.plant)),
        "counted": shares.get((entry.event_id, entry.entry_no), entry.net),
        "formula": why.formula, "agrees": why.agrees, "note": why.note, "event": entry.payload,
    }  # fmt: skip
