"""What a figure holds next to whole entries of the ledger: so far, and by their share.

A stop that is open costs before it is booked. A window counts a stop over its edge for the part
that lies in it, while the entry that began in it is listed whole, or not at all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
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
    """A window: (start, end] where it is `trailing`, else [start, end)."""

    start: datetime
    end: datetime
    trailing: bool = True

    @property
    def since(self) -> datetime:
        """The first instant in it."""
        return self.start + INSTANT if self.trailing else self.start

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return self.end + INSTANT if self.trailing else self.end

    def edges(self) -> dict[str, datetime]:
        return {"since": self.since, "until": self.until}


@dataclass(frozen=True, slots=True)
class UnbookedShare:
    """What a stop adds to a figure until it is booked; `payload` is its event as received.

    Of a stop that is open, `stop.ended_at` is None. Of one that has ended it is less than nothing:
    so much of its time has become that of another stop, which is open.
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
    """The largest of many items in their order, at most `most` (None: all), and what all come to.

    `net` is the sum of all by currency, `total` how many there are.
    """

    most: int | None
    shown: list[T] = field(default_factory=list)
    total: int = 0
    net: dict[str, Decimal] = field(default_factory=dict)

    def take(self, item: T, currency: str, net: Decimal, size: Callable[[T], Decimal]) -> None:
        """Memory holds twice as many items as are shown."""
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
    conn: Connection, book: RateBook, asked: EntryFilter, at: datetime, span: Span | None = None,
    most: int | None = None,
) -> Largest[UnbookedShare]:  # fmt: skip
    """What open stops add at `at` to the figure asked for, or to that of a window.

    Read it in the same snapshot as the entries it is added to.
    """
    scope = Scope(asked.plant, asked.line)
    opened = await open_stop_costs(conn, book, scope, at)
    still = {found.stop.event_id for found in opened.stops}
    places = {part.segment.stop.event_id: _place(part) for part in opened.accrued}
    places |= {found.stop.event_id: (found.plant, found.line, found.stop) for found in opened.stops}
    sums = _sums(opened.accrued, asked, span)
    found: Largest[UnbookedShare] = Largest(most)
    for event_id, (plant, line, stop) in places.items():
        seconds, net = sums[event_id]
        if _meets(asked, stop) and (seconds or asked.event_id is not None):
            known = replace(stop, ended_at=None) if event_id in still else stop
            share = UnbookedShare(plant, line, known, seconds, net)
            found.take(share, stop.currency, net, _net_of_share)
    found.cut(_net_of_share)
    await _add_events(conn, found)
    return found


def _net_of_share(share: UnbookedShare) -> Decimal:
    return abs(share.net)


async def _add_events(conn: Connection, found: Largest[UnbookedShare]) -> None:
    """The bytes of the events behind those that are shown."""
    named = [share.stop.event_id for share in found.shown]
    events = {row["event_id"]: row for row in await conn.fetch(*_SQL.events_as_came(ids=named))}
    for place, share in enumerate(found.shown):
        if event := events.get(share.stop.event_id):
            found.shown[place] = replace(
                share, received_at=event["received_at"], payload=event["payload"]
            )


def _place(part: Accrued) -> tuple[str, str, Stop]:
    return part.plant, part.line, part.segment.stop


def _sums(
    accrued: Iterable[Accrued], asked: EntryFilter, span: Span | None
) -> dict[str, tuple[Decimal, Decimal]]:
    """Seconds and money of each stop, of what lies in the time that is asked for."""
    sums: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    with localcontext(MONEY):
        for part in accrued:
            inside = _inside(asked, part, span)
            if inside.part:
                seconds, net = sums[part.segment.stop.event_id]
                more = inside.share(part.seconds), inside.share(part.cost)
                sums[part.segment.stop.event_id] = (seconds + more[0], net + more[1])
    return sums


_ALL, _NONE = Share(1, 1), Share(0, 1)


def _inside(asked: EntryFilter, part: Accrued, span: Span | None) -> Share:
    """By the plant's hour or production day where such are asked for, else by the instants."""
    begun, ended = part.segment.start, part.segment.end
    if span is not None:
        return Share.of(begun, ended, span.start, span.end)
    if asked.event_id is not None:
        return _ALL
    if asked.hour is not None:
        return _ALL if part.bucket.hour == asked.hour else _NONE
    if asked.first is not None or asked.last is not None:
        from_first = asked.first is None or part.bucket.day >= asked.first
        return (
            _ALL if from_first and (asked.last is None or part.bucket.day < asked.last) else _NONE
        )
    return Share.of(begun, ended, asked.since or begun, asked.until or ended)


def _meets(asked: EntryFilter, stop: Stop) -> bool:
    """As `entries_asked` has it: an empty filter is met by what has nothing there."""
    pairs = (
        (asked.product, stop.product), (asked.element, element(stop)),
        (asked.event_id, stop.event_id),
    )  # fmt: skip
    or_none = (
        (asked.stage, None), (asked.defect_code, stop.defect_code),
        (asked.work_unit, stop.work_unit),
    )  # fmt: skip
    return (
        all(wanted in (None, there) for wanted, there in pairs)
        and all(wanted is None or (wanted or None) == there for wanted, there in or_none)
        and (asked.categories is None or Category.INTERNAL_FAILURE in asked.categories)
    )


@dataclass(frozen=True, slots=True)
class OverEdge:
    """A stop's entry over an edge of a window, which counts `net` and `seconds` of it.

    `listed`: it began in the window, and is among its entries. `lasts_on`: it ends after the
    window. `adds` is what the entries lack with it, or have too much.
    """

    entry: LedgerEntry
    seconds: Decimal
    net: Decimal
    listed: bool
    lasts_on: bool
    adds: Decimal


async def over_edges(
    conn: Connection, asked: EntryFilter, span: Span, read_at: datetime, most: int | None = None
) -> Largest[OverEdge]:
    """The entries that a window counts for a part alone, the newest first."""
    found: Largest[OverEdge] = Largest(most)
    for which in _near_edges(asked, span):
        async for page in all_entries(conn, which, read_at):
            for over in (_over_edge(entry, span) for entry in page.entries):
                if over.adds:
                    found.take(over, over.entry.currency, over.adds, _net_of_edge)
    found.cut(_net_of_edge)
    return found


def _net_of_edge(over: OverEdge) -> Decimal:
    return abs(over.adds)


def _near_edges(asked: EntryFilter, span: Span) -> Iterable[EntryFilter]:
    inside = max(span.until - _LONGEST_ENTRY, span.since)
    for since, until in ((inside, span.until), (span.since - _LONGEST_ENTRY, span.since)):
        for stops in STOPS:
            if asked.element in (None, stops):
                yield replace(asked, element=stops, since=since, until=until)


def _over_edge(entry: LedgerEntry, span: Span) -> OverEdge:
    with localcontext(MONEY):
        inside = share_of_stop(entry.occurred_at, entry.seconds, span.start, span.end)
        net = inside.share(entry.net) if inside.part else ZERO
        seconds = inside.share(entry.seconds) if inside.part else ZERO
        listed = entry.occurred_at >= span.since
        lasts_on = share_of_stop(entry.occurred_at, entry.seconds, span.end, LAST).part > 0
        adds = net - entry.net if listed else net
        return OverEdge(entry, seconds, net, listed, lasts_on, adds)
