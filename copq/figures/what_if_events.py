"""Events of a window priced again with the changes, and compared with what is booked.

Each event is priced by the current rate book, or by the one that priced it, whichever gives the
booked entries; the changes of rates are made in that book. So the difference is that of the
changes alone, also where rates for the past were not booked yet.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from decimal import localcontext
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.recomputing import rows_of
from copq.figures.what_if_books import ChangedBook, ChangedBooks, Comparison
from copq.figures.what_if_entries import (
    ChangedEntry,
    Differences,
    Kept,
    KeptCost,
    changed_entry,
)
from copq.improvement.what_if.changed_events import ChangedEvent, Left, change_event
from copq.ledger.arithmetic import MONEY, ZERO
from copq.pricing.price import Dispatch
from copq.pricing.price_cache import Memo
from copq.schemas.decode import decode
from copq.schemas.events import Event
from copq.schemas.priced import Entry, Outcome, Pricing

_SQL = Queries.of(__file__)
REJECTS = ("defect", "scrap")
Rows = list[Record]
"""The standing entries of an event."""

_Priced = Mapping[str, Entry] | None
"""The entries of an event by element; None without a price."""

_Costs = Mapping[str, Entry | KeptCost]


async def compare_events(
    conn: Connection, books: ChangedBooks, query: Comparison, found: Differences
) -> None:
    """Add the events that would cost something else. Call it in the snapshot of the answer."""
    reaches = query.event_reaches()
    if reaches is not None:
        only = [Compared(EventPrices(books), query, found)]
        await compare_each(conn, query.days(), reaches, lambda _: only)


class EventPrices:
    """What events cost by the rate books of a comparison. Comparisons with the same books may
    share it."""

    def __init__(self, books: ChangedBooks) -> None:
        self._books = books
        self._of: dict[int | None, Prices] = {None: Prices(books.newest)}

    @property
    def newest(self) -> "Prices":
        return self._of[None]

    async def as_booked(self, version: int) -> "Prices":
        """By the book of an earlier revision, and the one in its place."""
        if version not in self._of:
            self._of[version] = Prices(await self._books.as_booked(version))
        return self._of[version]


class Compared(NamedTuple):
    """A comparison that events are added to."""

    prices: EventPrices
    query: Comparison
    found: Differences


Comparing = Callable[[Record], Sequence[Compared]]
"""The comparisons that ask about the event of an entry."""

_Stale = dict[int, tuple[Compared, list[Rows]]]
"""The events of each comparison, by its identity, that do not follow from the newest rates."""


async def compare_each(
    conn: Connection, days: Mapping[str, Any], reaches: str, comparing: Comparing
) -> None:
    """Read the events in reach once, and add each to its comparisons, if it would cost something
    else there. Call it in the snapshot of the answer."""
    async for events in _events(conn, days, reaches):
        stale = await asyncio.to_thread(_compare_newest, events, comparing)
        for one, own in stale.values():
            await _compare_older(one, own)


def _compare_newest(events: Sequence[Rows], comparing: Comparing) -> _Stale:
    stale: _Stale = {}
    with localcontext(MONEY):
        for rows in events:
            asking = comparing(rows[0])
            event = _decoded(rows) if asking else None
            for one in asking:
                _add_rejects(rows, one.found)
                if not _Pricing(one.prices.newest, one).compare(rows, event):
                    stale.setdefault(id(one), (one, []))[1].append(rows)
    return stale


async def _compare_older(one: Compared, stale: Sequence[Rows]) -> None:
    for version, events in _by_version(stale).items():
        pricing = _Pricing(await one.prices.as_booked(version), one)
        rest = await asyncio.to_thread(_compare_all, pricing, events)
        for rows in rest:
            one.found.leave(_naming(one.query, rows[0]), Left.NOT_AS_BOOKED, rows[0]["day"])


def _decoded(rows: Rows) -> Event | None:
    """The event; None without its bytes."""
    payload = rows[0]["payload"]
    return None if payload is None else decode(payload.encode())


async def _events(
    conn: Connection, days: Mapping[str, Any], reaches: str
) -> AsyncIterator[list[Rows]]:
    """The events in chunks; an event is never cut."""
    rest: Rows = []
    async for rows in rows_of(conn, *_SQL.what_if_entries(**days, reaches=reaches)):
        events = [list(own) for _, own in groupby([*rest, *rows], itemgetter("event_id"))]
        rest = events.pop()
        if events:
            yield events
    if rest:
        yield [rest]


def _add_rejects(rows: Rows, found: Differences) -> None:
    for row in rows:
        if row["element"] in REJECTS:
            found.recovered_before[_dispatch(row)] += row["recovered"]


def _dispatch(row: Record) -> Dispatch:
    return Dispatch(row["plant"], row["line"], row["product"], row["day"])


def _by_version(stale: Sequence[Rows]) -> dict[int, list[Rows]]:
    """Events by the revision at which all of their rates were in force."""
    found: dict[int, list[Rows]] = defaultdict(list)
    for rows in stale:
        found[max(max(row["rate_version"], row["labour_version"] or 0) for row in rows)].append(
            rows
        )
    return found


def _compare_all(pricing: "_Pricing", events: Sequence[Rows]) -> list[Rows]:
    """Compare the events; return those whose booked entries do not follow from this book."""
    with localcontext(MONEY):
        return [rows for rows in events if not pricing.compare(rows, _decoded(rows))]


def _naming(query: Comparison, row: Record) -> Iterator[int]:
    """The changes that name the event of an entry, by their number."""
    for number, change in query.of_events.items():
        if all(row[field] == name for field, name in change.names.items()):
            yield number
    yield from query.rates.of_entry(row)


class Prices:
    """What events cost by a rate book, and by the one in its place."""

    def __init__(self, book: ChangedBook) -> None:
        self.book = book.before
        self.before = Memo(book.before, _own_entries)
        is_same = book.after is book.before
        self.after = self.before if is_same else Memo(book.after, _own_entries)


class _Pricing:
    """Compares events with what they would have been, by one rate book."""

    def __init__(self, prices: Prices, one: Compared) -> None:
        self._prices, self._query, self._found = prices, one.query, one.found

    def compare(self, rows: Rows, event: Event | None) -> bool:
        """Add what would differ. False if the booked entries do not follow from the book."""
        if event is None:
            self._compare_without_bytes(rows)
            return True
        before = self._prices.before.of(event)
        if before is None or not _is_booked(before, rows):
            return False
        changed = change_event(event, self._query.of_events, self._stages)
        rated = self._query.rates.of_event(event, before)
        after: _Priced = {}
        if changed.event is not None:
            after = self._prices.after.of(changed.event) if changed.by or rated else before
        self._add(rows, changed, rated, after)
        return True

    def _add(
        self, rows: Rows, changed: ChangedEvent, rated: Sequence[int], after: _Costs | None
    ) -> None:
        found = self._found
        for number, reason in changed.left.items():
            found.leave([number], reason, rows[0]["day"])
        if after is None:
            found.leave([*changed.by, *rated], Left.NO_PRICE, rows[0]["day"])
            return
        found.named.update([*changed.by, *rated])
        found.add(_changed_entries(rows, after))
        self._add_recovered(rows, after)

    def _add_recovered(self, rows: Rows, after: _Costs) -> None:
        for row in rows:
            if row["element"] in REJECTS:
                new = after[row["element"]].recovered if row["element"] in after else ZERO
                self._found.recover(row, _dispatch(row), new)

    def _stages(self, event: Any) -> Sequence[str]:
        table = self._prices.book.cost_table(event.plant, event.product, event.occurred_at)
        return list(table.item.stage_costs) if table else []

    def _compare_without_bytes(self, rows: Rows) -> None:
        """An event without bytes can be removed, or has a cost that was kept, and is left as booked
        otherwise."""
        if kept := _kept_entries(rows, self._query.kept):
            self._add(rows, ChangedEvent(None, ()), [], kept)
            return
        naming = list(_naming(self._query, rows[0]))
        first = self._query.of_events.get(naming[0]) if naming else None
        if first is not None and first.stage is None and not first.factor:
            self._add(rows, ChangedEvent(None, (naming[0],)), [], {})
        else:
            self._found.leave(naming, Left.NO_BYTES, rows[0]["day"])


def _kept_entries(rows: Rows, kept: Kept) -> Mapping[str, KeptCost]:
    """The kept costs of all entries of an event by element, else none."""
    known = {row["element"]: kept.get((row["event_id"], row["element"])) for row in rows}
    return {element: cost for element, cost in known.items() if cost} if all(known.values()) else {}


def _own_entries(pricing: Pricing) -> _Priced:
    if pricing.outcome != Outcome.PRICED:
        return None
    return {entry.element: entry for entry in pricing.entries if entry.once is None}


_COMPARED = ("net", "gross", "recovered", "seconds", "currency")


def _is_booked(before: Mapping[str, Entry], rows: Rows) -> bool:
    """Whether the standing entries are these."""
    booked = {row["element"]: row for row in rows}
    return booked.keys() == before.keys() and all(
        getattr(entry, name) == booked[element][name]
        for element, entry in before.items()
        for name in _COMPARED
    )


def _changed_entries(rows: Rows, after: _Costs) -> Iterator[ChangedEntry]:
    """An event has the same elements whatever its amounts and rates, or it has none."""
    for row in rows:
        new = after.get(row["element"])
        yield changed_entry(row, new.net if new else ZERO, new.seconds if new else ZERO)
