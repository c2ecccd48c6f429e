"""The parts of a figure that are not whole entries: open stops so far, and shares of stops.

An open stop costs money before it is booked. A window counts a stop over its edge by the part in
the window, while the list of entries has the whole entry or nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Generic, NamedTuple, TypeVar

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.edges import LAST
from copq.figures.entries import EntryFilter, LedgerEntry, all_entries
from copq.figures.recompute import STOPS
from copq.figures.trailing import Share, share_of_stop
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.downtime import Stop, element
from copq.ledger.figures import Scope
from copq.posting.open_stops import Accrued, open_stop_costs
from copq.rates.book import RateBook
from copq.schemas.priced import Category

T = TypeVar("T")
_SQL = Queries.of(__file__)
INSTANT = timedelta(microseconds=1)
_LONGEST_ENTRY = timedelta(hours=1)
"""An entry of a stop lies within one hour of the plant."""


class Span(NamedTuple):
    """A window: (start, end] if it is `trailing`, else [start, end)."""

    start: datetime
    end: datetime
    trailing: bool = True

    @property
    def since(self) -> datetime:
        """The first instant in the window."""
        return self.start + INSTANT if self.trailing else self.start

    @property
    def until(self) -> datetime:
        """The first instant after the window."""
        return self.end + INSTANT if self.trailing else self.end

    def edges(self) -> dict[str, datetime]:
        return {"since": self.since, "until": self.until}


@dataclass(frozen=True, slots=True)
class UnbookedShare:
    """What a stop adds to a figure before it is booked; `payload` is its event as received.

    `stop.ended_at` is None for an open stop. An ended stop has a negative share: that part of its
    time now belongs to another stop, which is open.
    """

    plant: str
    line: str
    stop: Stop
    seconds: Decimal
    net: Decimal
    received_at: datetime | None = None
    payload: str | None = None

    @property
    def is_open(self) -> bool:
        return self.stop.ended_at is None


@dataclass(slots=True)
class Largest(Generic[T]):
    """The largest items in order, at most `most` (None: all), and the sums of all items.

    `net` is the sum of all by currency, `total` their number.
    """

    most: int | None
    shown: list[T] = field(default_factory=list)
    total: int = 0
    net: dict[str, Decimal] = field(default_factory=dict)

    def take(self, item: T, currency: str, net: Decimal, size: Callable[[T], Decimal]) -> None:
        """Add an item. Memory holds at most twice as many items as are shown."""
        self.total += 1
        with localcontext(MONEY):
            self.net[currency] = self.net.get(currency, ZERO) + net
        self.shown.append(item)
        if self.most is not None and len(self.shown) > 2 * self.most:
            self.cut(size)

    def cut(self, size: Callable[[T], Decimal]) -> None:
        if self.most is None or len(self.shown) <= self.most:
            return
        ranked = sorted(range(len(self.shown)), key=lambda place: -size(self.shown[place]))
        self.shown = [self.shown[place] for place in sorted(ranked[: self.most])]


async def unbooked_shares(
    conn: Connection, book: RateBook, filters: EntryFilter, at: datetime, span: Span | None = None,
    most: int | None = None,
) -> Largest[UnbookedShare]:  # fmt: skip
    """What open stops add at `at` to the figure, or to the figure of a window.

    Call it in the snapshot of the entries that it is added to.
    """
    scope = Scope(
        filters.plant, filters.line, group=filters.group, grouping=filters.grouping,
        grouped_on=filters.grouped_on,
    )  # fmt: skip
    opened = await open_stop_costs(conn, book, scope, at)
    still = {largest.stop.event_id for largest in opened.stops}
    places = {part.segment.stop.event_id: _place(part) for part in opened.accrued}
    places |= {
        largest.stop.event_id: (largest.plant, largest.line, largest.stop)
        for largest in opened.stops
    }
    sums = _sums(opened.accrued, filters, span)
    functions = await _functions(conn, filters, list(places))
    largest: Largest[UnbookedShare] = Largest(most)
    having = await _having_attributes(conn, filters, places)
    for event_id, (plant, line, stop) in places.items():
        seconds, net = sums[event_id]
        is_met = event_id in having and _meets(filters, stop, functions.get(event_id))
        if is_met and (seconds or filters.event_id is not None):
            known = replace(stop, ended_at=None) if event_id in still else stop
            share = UnbookedShare(plant, line, known, seconds, net)
            largest.take(share, stop.currency, net, _net_of_share)
    largest.cut(_net_of_share)
    await _add_events(conn, largest)
    return largest


async def _functions(
    conn: Connection, filters: EntryFilter, stops: list[str]
) -> dict[str, str | None]:
    """The functions that these stops name, if the filter is about them."""
    if filters.function is None or not stops:
        return {}
    rows = await conn.fetch(*_SQL.functions_of(ids=stops))
    return {row["event_id"]: row["function"] for row in rows}


async def _having_attributes(
    conn: Connection, filters: EntryFilter, places: Mapping[str, tuple[str, str, Stop]]
) -> set[str]:
    """The stops whose events have the attributes of the filter."""
    if filters.attributes is None or not places:
        return set(places)
    plants = [plant for plant, _, _ in places.values()]
    rows = await conn.fetch(
        *_SQL.having_attributes(ids=list(places), plants=plants, attributes=filters.attributes)
    )
    return {row["event_id"] for row in rows}


def _net_of_share(share: UnbookedShare) -> Decimal:
    return abs(share.net)


async def _add_events(conn: Connection, largest: Largest[UnbookedShare]) -> None:
    """Read the bytes of the events that are shown."""
    named = [share.stop.event_id for share in largest.shown]
    events = {row["event_id"]: row for row in await conn.fetch(*_SQL.events_as_came(ids=named))}
    for place, share in enumerate(largest.shown):
        if event := events.get(share.stop.event_id):
            largest.shown[place] = replace(
                share, received_at=event["received_at"], payload=event["payload"]
            )


def _place(part: Accrued) -> tuple[str, str, Stop]:
    return part.plant, part.line, part.segment.stop


def _sums(
    accrued: Iterable[Accrued], filters: EntryFilter, span: Span | None
) -> dict[str, tuple[Decimal, Decimal]]:
    """The seconds and the money of each stop in the selected time."""
    sums: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    with localcontext(MONEY):
        for part in accrued:
            inside = _inside(filters, part, span)
            if inside.part:
                seconds, net = sums[part.segment.stop.event_id]
                more = inside.share(part.seconds), inside.share(part.cost)
                sums[part.segment.stop.event_id] = (seconds + more[0], net + more[1])
    return sums


_ALL, _NONE = Share(1, 1), Share(0, 1)


def _inside(filters: EntryFilter, part: Accrued, span: Span | None) -> Share:
    """The selected share: by hour or production day if the filter names these, else by instants."""
    begun, ended = part.segment.start, part.segment.end
    if filters.group not in (None, part.group):
        return _NONE
    if span is not None:
        return Share.of(begun, ended, span.start, span.end)
    if filters.event_id is not None:
        return _ALL
    if filters.hour is not None:
        return _ALL if part.bucket.hour == filters.hour else _NONE
    if filters.first is not None or filters.last is not None:
        from_first = filters.first is None or part.bucket.day >= filters.first
        return (
            _ALL
            if from_first and (filters.last is None or part.bucket.day < filters.last)
            else _NONE
        )
    return Share.of(begun, ended, filters.since or begun, filters.until or ended)


def _meets(filters: EntryFilter, stop: Stop, function: str | None) -> bool:
    """As in `entries_asked`: an empty filter selects stops without a value."""
    pairs = ((filters.element, element(stop)), (filters.event_id, stop.event_id))
    or_none = (
        (filters.product, stop.product), (filters.stage, None),
        (filters.defect_code, stop.defect_code), (filters.work_unit, stop.work_unit),
        (filters.shift, stop.shift), (filters.supplier, None), (filters.function, function),
    )  # fmt: skip
    return (
        all(wanted in (None, there) for wanted, there in pairs)
        and all(wanted is None or (wanted or None) == there for wanted, there in or_none)
        and (filters.categories is None or Category.INTERNAL_FAILURE in filters.categories)
    )


@dataclass(frozen=True, slots=True)
class OverEdge:
    """An entry of a stop over a window's edge, of which `net` and `seconds` count.

    `listed` means that it began in the window and is among its entries. `lasts_on` means that it
    ends after the window. `adds` is the difference to the listed entries, and may be negative.
    """

    entry: LedgerEntry
    seconds: Decimal
    net: Decimal
    listed: bool
    lasts_on: bool
    adds: Decimal


async def over_edges(
    conn: Connection, filters: EntryFilter, span: Span, read_at: datetime, most: int | None = None
) -> Largest[OverEdge]:
    """The entries of which a window counts only a part, the newest first."""
    largest: Largest[OverEdge] = Largest(most)
    for which in _near_edges(filters, span):
        async for page in all_entries(conn, which, read_at):
            for over in (_over_edge(entry, span) for entry in page.entries):
                if over.adds:
                    largest.take(over, over.entry.currency, over.adds, _net_of_edge)
    largest.cut(_net_of_edge)
    return largest


def _net_of_edge(over: OverEdge) -> Decimal:
    return abs(over.adds)


def _near_edges(filters: EntryFilter, span: Span) -> Iterable[EntryFilter]:
    inside = max(span.until - _LONGEST_ENTRY, span.since)
    for since, until in ((inside, span.until), (span.since - _LONGEST_ENTRY, span.since)):
        for stops in STOPS:
            if filters.element in (None, stops):
                yield replace(filters, element=stops, since=since, until=until)


def _over_edge(entry: LedgerEntry, span: Span) -> OverEdge:
    with localcontext(MONEY):
        inside = share_of_stop(entry.occurred_at, entry.seconds, span.start, span.end)
        net = inside.share(entry.net) if inside.part else ZERO
        seconds = inside.share(entry.seconds) if inside.part else ZERO
        listed = entry.occurred_at >= span.since
        lasts_on = share_of_stop(entry.occurred_at, entry.seconds, span.end, LAST).part > 0
        adds = net - entry.net if listed else net
        return OverEdge(entry, seconds, net, listed, lasts_on, adds)
