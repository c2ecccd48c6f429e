"""What a window would have cost with some changes, and the entries that would differ.

Each event that a change names is priced again; nothing is estimated from averages, and nothing is
written.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.answers import held_json
from copq.figures.books import Books
from copq.figures.report import ReportQuery, booked_cells, zone_of
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.figures.what_if_books import ChangedBooks
from copq.figures.what_if_dispatches import compare_dispatches
from copq.figures.what_if_entries import ENTRY_COLUMNS, ChangedEntry, Differences
from copq.figures.what_if_events import compare_events
from copq.figures.what_if_query import WhatIfQuery, WhatIfRequest
from copq.figures.what_if_rows import (
    DIMENSIONS,
    WhatIfRow,
    WhatIfTotal,
    add_up,
    total_rows,
    what_if_columns,
)
from copq.figures.what_if_stops import compare_stops, lines_in_reach
from copq.improvement.what_if.changed_events import Left
from copq.ledger.arithmetic import MONEY
from copq.ledger.figures import Cell
from copq.rates.book import RateBook
from copq.schemas.priced import Category

_SQL = Queries.of(__file__)
MOST_ENTRIES = 200_000
"""The number of entries and stops that one question may reach; more takes minutes."""


WHAT_IF_BASIS = (
    "An estimate at standard rates, for finance to reconcile. COPQ is failure alone; CoQ adds "
    "appraisal and prevention. Stops still open are not in it."
)


@dataclass(frozen=True, slots=True)
class LeftAsBooked:
    """Events that a change names and that stay as they are, and why."""

    reason: str
    events: int


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change as it was written, and how many events it applied to."""

    change: str
    events: int
    left: list[LeftAsBooked]


@dataclass(frozen=True, slots=True)
class WhatIfAnswer:
    """Booked, with the changes, and the difference, by the dimensions of the question.

    `cells` are the finest rows: each dimension apart. `entries` are all that would differ, the
    largest difference first; JSON has the first `most` of them (None: all). `unpriced` are events
    of the window without a price: they are in no figure, before and after.
    """

    query: WhatIfQuery
    at: datetime
    zone: tzinfo
    changes: list[AppliedChange]
    cells: list[WhatIfRow]
    entries: list[ChangedEntry]
    events: int
    unpriced: int
    waiting: WaitingCounts
    most: int | None

    @property
    def totals(self) -> list[WhatIfTotal]:
        return total_rows(self.cells, self.entries)

    def rows(self, by: Sequence[str] | None = None) -> list[WhatIfRow]:
        """The rows by these dimensions, else by those of the question; they add up to `totals`."""
        return add_up(self.cells, self.query.scope.by if by is None else by, self.entries)

    @property
    def columns(self) -> tuple[str, ...]:
        is_rows = self.query.table == "rows"
        return what_if_columns(self.query.scope.by) if is_rows else ENTRY_COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`: the table of the question."""
        if self.query.table == "rows":
            return self._rows_json()
        return [self._entry(one) for one in self.entries]

    def _rows_json(self) -> list[dict[str, Any]]:
        return [row.as_json(self.query.scope.by) for row in self.rows()]

    def as_json(self) -> dict[str, Any]:
        window = self.query.window
        return {
            "at": self.at, "from": window.first, "to": window.last, "days": window.days,
            "changes": [_change_json(one) for one in self.changes],
            "rows": self._rows_json(), "totals": [total.as_json() for total in self.totals],
            "entries": [self._entry(one) for one in self.entries[: self.most]],
            "entries_total": len(self.entries), "events_total": self.events,
            "unpriced_in_window": self.unpriced, **held_json(self.waiting), "basis": WHAT_IF_BASIS,
        }  # fmt: skip

    def _entry(self, one: ChangedEntry) -> dict[str, Any]:
        shown = replace(one, occurred_at=one.occurred_at.astimezone(self.zone))
        return shown.as_json()


def _change_json(one: AppliedChange) -> dict[str, Any]:
    left = [{"reason": left.reason, "events": left.events} for left in one.left]
    return {"change": one.change, "events": one.events, "left_as_booked": left}


async def answer_what_if(
    conn: Connection, books: Books, book: RateBook, request: WhatIfRequest, now: datetime,
    most: int | None = None, reach: int = MOST_ENTRIES,
) -> WhatIfAnswer:  # fmt: skip
    """What would have been, with the `most` entries that differ most in JSON. One snapshot;
    pricing is done in a thread.

    Raises `ValueError` on a request that is not possible, or that reaches more than `reach`
    entries.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book, now)
        found = await _differences(conn, books, book, query, reach)
        booked = [cell async for cell in booked_cells(conn, _booked_query(query))]
        unpriced = await conn.fetchval(
            *_SQL.what_if_unpriced(**query.instants(), **query.scope.groups())
        )
        waiting = await count_waiting(conn, query.scope, now)
    return await asyncio.to_thread(
        _answer,
        query,
        now,
        zone_of(book, query.scope.plant),
        booked,
        found,
        unpriced,
        waiting,
        most,
    )


async def _differences(
    conn: Connection, books: Books, book: RateBook, query: WhatIfQuery, most: int
) -> Differences:
    lines = await lines_in_reach(conn, query)
    reaches = query.event_reaches()
    number = sum(line.stops for line in lines)
    if reaches is not None:
        number += await conn.fetchval(
            *_SQL.what_if_number(**query.days(), reaches=reaches, most=most)
        )
    if number > most:
        raise ValueError(
            f"these changes reach more than {most:,} entries in the window; name a plant, a line "
            "or a product, or a shorter window"
        )
    changed, found = ChangedBooks(conn, books, book, query.rates), Differences()
    await compare_events(conn, changed, query, found)
    await compare_dispatches(conn, changed, query, found)
    await compare_stops(conn, changed, query, lines, found)
    return found


def _booked_query(query: WhatIfQuery) -> ReportQuery:
    scope, window = query.scope, query.window
    return ReportQuery(
        scope.plant, scope.line, scope.product, grain="day", start=window.first, end=window.last,
        by=tuple(name for name in DIMENSIONS if name != "group" or scope.grouping),
        group=scope.group, grouping=scope.grouping,
    )  # fmt: skip


def _answer(
    query: WhatIfQuery, now: datetime, zone: tzinfo, booked: Sequence[Cell], found: Differences,
    unpriced: int, waiting: WaitingCounts, most: int | None,
) -> WhatIfAnswer:  # fmt: skip
    with localcontext(MONEY):
        entries = sorted(_grouped(query, found.entries), key=_largest_first)
        costs = [cell for cell in booked if cell.category != Category.NONE]
        cells = add_up([*map(WhatIfRow.of_cell, costs), *map(WhatIfRow.of_entry, entries)],
                       DIMENSIONS, entries)  # fmt: skip
    return WhatIfAnswer(
        query, now, zone, _applied(query, found), cells, entries,
        len({one.event_id for one in entries}), unpriced, waiting, most,
    )  # fmt: skip


def _grouped(query: WhatIfQuery, entries: Iterable[ChangedEntry]) -> Iterable[ChangedEntry]:
    """Each entry with the group of its product on its day, if the question is about groups."""
    groups = query.groups
    if groups is None:
        return entries
    return [replace(e, group=groups.group(e.plant, e.product, e.day)) for e in entries]


def _largest_first(one: ChangedEntry) -> tuple[Decimal, datetime, str, int]:
    return -abs(one.difference), one.occurred_at, one.event_id, one.entry_no or 0


def _applied(query: WhatIfQuery, found: Differences) -> list[AppliedChange]:
    return [
        AppliedChange(
            change.text, found.named[number],
            [LeftAsBooked(str(reason), found.left[number, reason]) for reason in Left
             if found.left[number, reason]],
        )
        for number, change in enumerate(query.changes)
    ]  # fmt: skip
