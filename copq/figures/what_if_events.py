"""Events of a window priced again with the changes, and compared with what is booked.

Each event is priced by the current rate book, or by the one that priced it, whichever gives the
booked entries; the changes of rates are made in that book. So the difference is that of the
changes alone, also where rates for the past were not booked yet.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from decimal import localcontext
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

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
from copq.improvement.what_if.changes import EventChange
from copq.ledger.arithmetic import MONEY, ZERO
from copq.pricing.price import Dispatch
from copq.pricing.price_cache import Memo
from copq.schemas.decode import decode
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
    if reaches is None:
        return
    newest = EventPricing(books.newest, query)
    older: dict[int, EventPricing] = {}
    async for events in _events(conn, query, reaches):
        _add_rejects(events, found)
        stale = await asyncio.to_thread(_compare_all, newest, events, found)
        for version, rows in _by_version(stale).items():
            if version not in older:
                older[version] = EventPricing(await books.as_booked(version), query)
            rest = await asyncio.to_thread(_compare_all, older[version], rows, found)
            for own in rest:
                found.leave(_naming(query, own[0]), Left.NOT_AS_BOOKED, own[0]["day"])


async def _events(conn: Connection, query: Comparison, reaches: str) -> AsyncIterator[list[Rows]]:
    """The events in chunks; an event is never cut."""
    rest: Rows = []
    async for rows in rows_of(conn, *_SQL.what_if_entries(**query.days(), reaches=reaches)):
        events = [list(own) for _, own in groupby([*rest, *rows], itemgetter("event_id"))]
        rest = events.pop()
        if events:
            yield events
    if rest:
        yield [rest]


def _add_rejects(events: Sequence[Rows], found: Differences) -> None:
    for row in chain.from_iterable(events):
        if row["element"] in REJECTS:
            day = _dispatch(row)
            found.recovered_before[day] = MONEY.add(found.recovered_before[day], row["recovered"])


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


def _compare_all(pricing: "EventPricing", events: Sequence[Rows], found: Differences) -> list[Rows]:
    """Compare the events; return those whose booked entries do not follow from this book."""
    with localcontext(MONEY):
        return [rows for rows in events if not pricing.compare(rows, found)]


def _naming(query: Comparison, row: Record) -> Iterator[int]:
    """The changes that name the event of an entry, by their number."""
    for number, change in query.of_events.items():
        if all(row[field] == name for field, name in change.names.items()):
            yield number
    yield from query.rates.of_entry(row)


class EventPricing:
    """Compares events with what they would have been, by one rate book."""

    def __init__(self, book: ChangedBook, query: Comparison) -> None:
        self._book, self._query = book.before, query
        self._events: Mapping[int, EventChange] = query.of_events
        self._rates = query.rates
        self._before = Memo(book.before, _own_entries)
        is_same = book.after is book.before
        self._after = self._before if is_same else Memo(book.after, _own_entries)

    def compare(self, rows: Rows, found: Differences) -> bool:
        """Add what would differ. False if the booked entries do not follow from the book."""
        if rows[0]["payload"] is None:
            self._compare_without_bytes(rows, found)
            return True
        event = decode(rows[0]["payload"].encode())
        before = self._before.of(event)
        if before is None or not _is_booked(before, rows):
            return False
        changed = change_event(event, self._events, self._stages)
        rated = self._rates.of_event(event, before)
        after: _Priced = {}
        if changed.event is not None:
            after = self._after.of(changed.event) if changed.by or rated else before
        self._add(rows, changed, rated, after, found)
        return True

    def _add(
        self, rows: Rows, changed: ChangedEvent, rated: Sequence[int],
        after: _Costs | None, found: Differences,
    ) -> None:  # fmt: skip
        for number, reason in changed.left.items():
            found.leave([number], reason, rows[0]["day"])
        if after is None:
            found.leave([*changed.by, *rated], Left.NO_PRICE, rows[0]["day"])
            return
        found.named.update([*changed.by, *rated])
        found.add(_changed_entries(rows, after))
        self._add_recovered(rows, after, found)

    def _add_recovered(self, rows: Rows, after: _Costs, found: Differences) -> None:
        for row in rows:
            if row["element"] in REJECTS:
                new = after[row["element"]].recovered if row["element"] in after else ZERO
                found.recover(row, _dispatch(row), new)

    def _stages(self, event: Any) -> Sequence[str]:
        table = self._book.cost_table(event.plant, event.product, event.occurred_at)
        return list(table.item.stage_costs) if table else []

    def _compare_without_bytes(self, rows: Rows, found: Differences) -> None:
        """An event without bytes can be removed, or has a cost that was kept, and is left as booked
        otherwise."""
        if kept := _kept_entries(rows, self._query.kept):
            self._add(rows, ChangedEvent(None, ()), [], kept, found)
            return
        naming = list(_naming(self._query, rows[0]))
        first = self._events.get(naming[0]) if naming else None
        if first is not None and first.stage is None and not first.factor:
            self._add(rows, ChangedEvent(None, (naming[0],)), [], {}, found)
        else:
            found.leave(naming, Left.NO_BYTES, rows[0]["day"])


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
