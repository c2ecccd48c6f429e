"""The costs of open stops until now. They are added on reading, and booked once the stops end."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.currencies.store import rates_of
from copq.database.queries import Queries
from copq.groups.store import groups_of_days
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.calendar import Bucket, Calendar, next_hour
from copq.ledger.downtime import (
    TOLERANCE,
    Segment,
    Stop,
    element,
    ended_stops,
    segments,
    stops_until,
)
from copq.ledger.figures import Cell, Scope
from copq.posting.near_stops import Span
from copq.posting.stops import stop_of
from copq.rates.book import RateBook
from copq.schemas.priced import Category

_SQL = Queries.of(__file__)
ONE = Decimal(1)


class Exchange(NamedTuple):
    """An exchange rate into `currency`; None if the rate is unknown."""

    currency: str
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Accrued:
    """Time that open stops add to a line (`sign` 1), or take from an ended stop (`sign` -1).

    The segment lies within one hour of the plant, whose bucket is named.
    """

    plant: str
    line: str
    segment: Segment
    sign: int
    bucket: Bucket
    exchange: "Exchange | None" = None
    """The conversion of the cost into the reporting currency, if it is requested."""
    group: str | None = None
    """The product's group on the production day, if the question is about groups."""

    @property
    def cost(self) -> Decimal:
        return self.sign * self.segment.cost

    @property
    def seconds(self) -> Decimal:
        return self.sign * self.segment.seconds

    def cell(self, bucket: Any, cost: Decimal, seconds: Decimal) -> Cell:
        """The cell as the ledger would have it. `cost` and `seconds` are this part or a share of
        it."""
        stop = self.segment.stop
        exchange = self.exchange or Exchange(stop.currency, ONE)
        known = exchange.rate is not None
        money = MONEY.multiply(cost, exchange.rate) if exchange.rate is not None else ZERO
        return Cell(
            bucket=bucket, plant=self.plant, line=self.line, product=stop.product or "",
            group=self.group, element=element(stop), category=Category.INTERNAL_FAILURE,
            currency=exchange.currency,
            gross=money, net=money, seconds=seconds, provisional=money, unconverted=int(not known),
        )  # fmt: skip


def difference(
    stops: Sequence[Stop], calendar: Calendar, since: datetime, now: datetime
) -> list[tuple[int, Segment]]:
    """The union with open stops until now, minus the union that is already booked.

    It begins with the hour of `since`, and spans whole hours, so that the subtracted parts equal
    the booked ones.
    """
    span = (calendar.bucket(since).hour, next_hour(calendar, now.astimezone(UTC)))
    lasting = {_key(s): s for s in segments(stops_until(stops, now), calendar, *span)}
    booked = {_key(s): s for s in segments(ended_stops(stops), calendar, *span)}
    added = [(1, s) for key, s in lasting.items() if key not in booked]
    return added + [(-1, s) for key, s in booked.items() if key not in lasting]


def _key(segment: Segment) -> tuple[str, datetime, datetime, Decimal]:
    return segment.stop.event_id, segment.start, segment.end, segment.cost


@dataclass(frozen=True, slots=True)
class OpenStop:
    """A stop that no report has ended."""

    plant: str
    line: str
    stop: Stop


async def open_stops(
    conn: Connection, now: datetime, plant: str | None = None, line: str | None = None
) -> list[OpenStop]:
    """The stops that are open at `now`, the longest first."""
    rows = await conn.fetch(*_SQL.open_stops(now=now, plant=plant, line=line))
    return [OpenStop(row["plant"], row["line"], stop_of(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class OpenStopCosts:
    """The open stops of a plant and line at `now`, and what they add to the booked figures.

    An answer reads it once. Each of its figures takes the part in its own time.
    """

    now: datetime
    stops: list[OpenStop]
    accrued: list[Accrued]

    def by_stop(self) -> dict[str, Decimal]:
        """The cost of each open stop until now, by event id."""
        return cost_by_stop(self.accrued)


async def open_stop_costs(
    conn: Connection, book: RateBook, scope: Scope, now: datetime
) -> OpenStopCosts:
    """The open stops in scope. Call it in the snapshot of the rollups that they are added to."""
    stops = await open_stops(conn, now, scope.plant, scope.line)
    return OpenStopCosts(now, stops, await _accrue_stops(conn, book, scope, now, stops))


async def accrue(
    conn: Connection, book: RateBook, scope: Scope, now: datetime, since: datetime | None = None
) -> list[Accrued]:
    """What open stops in scope have added by `now`, from the hour of `since` on.

    Call it in the snapshot of the rollups that it is added to.
    """
    stops = await open_stops(conn, now, scope.plant, scope.line)
    return await _accrue_stops(conn, book, scope, now, stops, since)


async def _accrue_stops(
    conn: Connection, book: RateBook, scope: Scope, now: datetime, opened: Iterable[OpenStop],
    since: datetime | None = None,
) -> list[Accrued]:  # fmt: skip
    by_line: dict[tuple[str, str], list[Stop]] = defaultdict(list)
    for stop in opened:
        by_line[stop.plant, stop.line].append(stop.stop)
    spans = {
        line: _span(book.sites[line[0]].calendar, stops, now, since)
        for line, stops in by_line.items()
    }
    ended = await stops_of_lines(conn, spans)
    accrued = [
        part
        for line, stops in by_line.items()
        for part in _accrue_line(book, line, [*stops, *ended[line]], spans[line][0], now)
    ]
    if scope.grouping is not None:
        accrued = await _grouped(conn, accrued, scope.grouping, scope.grouped_on)
    return accrued if scope.currency is None else await exchanged(conn, accrued, scope.currency)


async def _grouped(
    conn: Connection, accrued: list[Accrued], grouping: str, on: date | None
) -> list[Accrued]:
    """Each part with the group of its product on its production day, or on another day."""
    places = [(a.plant, a.segment.stop.product, on or a.bucket.day) for a in accrued]
    groups = await groups_of_days(conn, grouping, places)
    return [replace(a, group=group) for a, group in zip(accrued, groups, strict=True)]


async def exchanged(conn: Connection, accrued: list[Accrued], currency: str) -> list[Accrued]:
    """Each part with the exchange rate of its day. Today's is the newest known rate."""
    pairs = [(a.segment.stop.currency, a.bucket.day) for a in accrued]
    rates = await rates_of(conn, pairs)
    return [
        replace(a, exchange=Exchange(currency, rates[pair]))
        for a, pair in zip(accrued, pairs, strict=True)
    ]


def _span(calendar: Calendar, stops: Sequence[Stop], now: datetime, since: datetime | None) -> Span:
    """The whole hours in which a line's open stops add to the booked figures."""
    first = min(stop.started_at for stop in stops)
    start = calendar.bucket(max(first, since) if since else first).hour
    return start, next_hour(calendar, now)


async def stops_of_lines(
    conn: Connection, spans: Mapping[tuple[str, str], Span]
) -> dict[tuple[str, str], list[Stop]]:
    """`stops_between` for many lines at once, each with its own span."""
    by_line: dict[tuple[str, str], list[Stop]] = {line: [] for line in spans}
    if spans:
        plants, lines = zip(*spans, strict=True)
        since, until = zip(*spans.values(), strict=True)
        rows = await conn.fetch(
            *_SQL.stops_of_lines(
                plants=plants, lines=lines, since=since, until=until, tolerance=TOLERANCE
            )
        )
        for row in rows:
            by_line[row["plant"], row["line"]].append(stop_of(row))
    return by_line


def _accrue_line(
    book: RateBook, of: tuple[str, str], stops: list[Stop], start: datetime, now: datetime
) -> list[Accrued]:
    calendar = book.sites[of[0]].calendar
    return [
        Accrued(*of, segment, sign, calendar.bucket(segment.start))
        for sign, segment in difference(stops, calendar, start, now)
    ]


def cost_by_stop(accrued: Iterable[Accrued]) -> dict[str, Decimal]:
    """The cost of each open stop until now, by event id."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for part in accrued:
        costs[part.segment.stop.event_id] += part.cost
    return costs
