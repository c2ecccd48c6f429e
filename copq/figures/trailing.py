"""The last hour, 24 hours and 30 days up to now: exact, and as fast for a year as for a day.

A window consists of whole days, whole hours on both sides, and parts of hours at its edges. Days
and hours come from the rollups; only the parts come from the ledger.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.database.queries import Query
from copq.figures.missing_exchange_rates import MissingRates, missing_rates
from copq.ledger.arithmetic import MONEY, quotient
from copq.ledger.calendar import Calendar, next_hour
from copq.ledger.figures import Cell, ReportRow, Scope, fold
from copq.posting.open_stops import Accrued, accrue
from copq.rates.book import RateBook

_MONEY = ByCurrency(__file__)
_MICROSECOND = timedelta(microseconds=1)

WHOLE_SUMS = _MONEY[None].whole_sums
"""The sums of a window's whole days and hours; its parameters are `Parts.whole`."""

EDGE_SUMS = _MONEY[None].edge_sums
"""The sums of the parts of hours at a window's edges; its parameters are `Parts.edges`."""


def window_cells(scope: Scope) -> Query:
    """The cells of a window without stops over its edges; its parameters are `Parts.window`."""
    return _MONEY.of(scope.currency, scope.grouping).window_cells


class Window(NamedTuple):
    name: str
    length: timedelta

    @property
    def key(self) -> str:
        """The name in programs: `24h`, where people read `24 h`."""
        return self.name.replace(" ", "")


WINDOWS = (
    Window("1 h", timedelta(hours=1)),
    Window("24 h", timedelta(hours=24)),
    Window("30 d", timedelta(days=30)),
)


@dataclass(frozen=True, slots=True)
class Trailing:
    """The figures of (start, end]; the rows have no bucket."""

    window: Window
    start: datetime
    end: datetime
    rows: list[ReportRow]


async def trailing_windows(
    conn: Connection,
    book: RateBook,
    scope: Scope,
    now: datetime,
    windows: Sequence[Window] = WINDOWS,
    accrued: Sequence[Accrued] | None = None,
) -> list[Trailing]:
    """The windows' figures at `now`, from one snapshot.

    Pass `accrued`, what open stops add, if it is already known.

    Entries that occurred after `now` do not count yet. A stop counts by the part of its time in the
    window, open stops until `now`.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        if accrued is None:
            accrued = await accrued_in(conn, book, scope, now, windows)
        return [await window_figures(conn, book, scope, now, w, accrued) for w in windows]


async def between(
    conn: Connection, book: RateBook, scope: Scope, start: datetime, end: datetime
) -> list[ReportRow]:
    """The figures of [start, end), as they were at `end`; the rows have no bucket."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        accrued = await accrue(conn, book, scope, end, start)
        cells = accrued_cells(accrued, start, end)
        for calendar, plants in calendars(book, scope.plant):
            parts = parts_of(calendar, start - _MICROSECOND, end - _MICROSECOND)
            cells += await _booked_cells(conn, plants, parts, scope, (start, end))
        return fold(filter(scope.holds, cells), scope)


async def trailing_lacks(
    conn: Connection, scope: Scope, now: datetime
) -> list[MissingRates] | None:
    """The exchange rates that windows in the reporting currency lack, on the days of the
    longest one."""
    longest = max(window.length for window in WINDOWS)
    first = (now - longest).date() - timedelta(days=1)
    return await missing_rates(conn, scope, first, now.date() + timedelta(days=2))


async def accrued_in(
    conn: Connection, book: RateBook, scope: Scope, now: datetime, windows: Sequence[Window]
) -> list[Accrued]:
    """The cost of open stops in the longest of the windows."""
    longest = max(window.length for window in windows)
    return await accrue(conn, book, scope, now, now - longest)


async def window_figures(
    conn: Connection, book: RateBook, scope: Scope, now: datetime, window: Window,
    accrued: Sequence[Accrued],
) -> Trailing:  # fmt: skip
    """A window's figures at `now`. Call it in a transaction of one snapshot."""
    start = now - window.length
    cells = accrued_cells(accrued, start, now)
    for calendar, plants in calendars(book, scope.plant):
        parts = parts_of(calendar, start, now)
        cells += await _booked_cells(conn, plants, parts, scope, (start, now))
    return Trailing(window, start, now, fold(filter(scope.holds, cells), scope))


async def _booked_cells(
    conn: Connection, plants: list[str], parts: "Parts", scope: Scope,
    span: tuple[datetime, datetime],
) -> list[Cell]:  # fmt: skip
    """The booked cells of a window's parts; stops count by their time within `span`."""
    whole = await conn.fetch(
        *_MONEY.of(scope.currency, scope.grouping).trailing_whole(**parts.whole(plants, scope))
    )
    cells = [Cell(bucket=None, **record) for record in whole]
    return cells + await rests(conn, plants, parts, scope, span)


def calendars(book: RateBook, plant: str | None) -> list[tuple[Calendar, list[str]]]:
    """The plants in scope, grouped by equal days and hours."""
    alike: dict[tuple[Any, ...], tuple[Calendar, list[str]]] = {}
    for name, site in book.sites.items():
        calendar = site.calendar
        if plant in (None, name):
            key = (calendar.zone, calendar.day_start)
            alike.setdefault(key, (calendar, []))[1].append(name)
    return list(alike.values())


@dataclass(frozen=True, slots=True)
class Parts:
    """A window split into days, hours and rests, by one calendar.

    Whole hours lie from `first` until the hour `last`; `days` are the whole days among them. The
    rests are the hour `before`, after `start`, and the hour `last`, up to `now`.
    """

    start: datetime
    now: datetime
    before: datetime
    first: datetime
    last: datetime
    days: tuple[date, date]
    around: tuple[date, date]

    def whole(self, plants: list[str], scope: Scope) -> dict[str, Any]:
        """The parameters of `trailing_whole`. They stay the same for an hour."""
        return {
            **_scope(plants, scope), "first": self.first, "last": self.last,
            "first_day": self.days[0], "last_day": self.days[1],
            "first_around": self.around[0], "last_around": self.around[1],
        }  # fmt: skip

    def edges(self, plants: list[str], scope: Scope) -> dict[str, Any]:
        """The parameters of `trailing_edges` and `trailing_edge_stops`."""
        return {
            **_scope(plants, scope), "now": self.now, "before": self.before, "first": self.first,
            "last": self.last, "start": self.start,
        }  # fmt: skip

    def window(self, plants: list[str], scope: Scope) -> dict[str, Any]:
        """The parameters of `window_cells`."""
        return {**self.whole(plants, scope), **self.edges(plants, scope)}


def _scope(plants: list[str], scope: Scope) -> dict[str, Any]:
    return {
        "plants": plants, "line": scope.line, "product": scope.product, "element": scope.element,
        "by": list(scope.by), "names": scope.names, **scope.groups(),
    }  # fmt: skip


def parts_of(calendar: Calendar, start: datetime, now: datetime) -> Parts:
    """Split a window. An hour that begins at `start` is not whole: that instant is outside the
    window."""
    before = calendar.bucket(start).hour
    first = next_hour(calendar, start.astimezone(UTC))
    while calendar.bucket(first).hour == before:
        first = next_hour(calendar, first)
    last = max(first, calendar.bucket(now).hour)
    around = (calendar.bucket(first).day, calendar.bucket(last).day)
    whole = around[0]
    if calendar.start_of(whole) < first:
        whole += timedelta(days=1)
    return Parts(start, now, before, first, last, (whole, around[1]), around)


async def rests(
    conn: Connection, plants: list[str], parts: Parts, scope: Scope,
    span: tuple[datetime, datetime] | None = None,
) -> list[Cell]:  # fmt: skip
    """The booked cells of the parts of hours at the edges; stops within `span`, if it is given."""
    others = await conn.fetch(
        *_MONEY.of(scope.currency, scope.grouping).trailing_edges(**parts.edges(plants, scope))
    )
    cells = [Cell(bucket=None, **record) for record in others]
    return cells + await edge_stops(conn, plants, parts, scope, span)


async def edge_stops(
    conn: Connection, plants: list[str], parts: Parts, scope: Scope,
    span: tuple[datetime, datetime] | None = None,
) -> list[Cell]:  # fmt: skip
    """The booked stops in the parts of hours at the edges, within the window or `span`."""
    start, end = span or (parts.start, parts.now)
    stops = await conn.fetch(
        *_MONEY.of(scope.currency, scope.grouping).trailing_edge_stops(
            **parts.edges(plants, scope), since=start, until=end
        )
    )
    return [Cell(bucket=None, **record) for record in stops]


def accrued_cells(accrued: Iterable[Accrued], start: datetime, now: datetime) -> list[Cell]:
    """The part of the costs of open stops in (start, now]."""
    cells = []
    with localcontext(MONEY):
        for part in accrued:
            inside = Share.of(part.segment.start, part.segment.end, start, now)
            if inside.part:
                cost, seconds = inside.share(part.cost), inside.share(part.seconds)
                cells.append(part.cell(None, cost, seconds))
    return cells


class Share(NamedTuple):
    """The share of an interval in a window, in microseconds: `part` of `whole`.

    `copq.part_of_stop` does the same in Postgres, for sums of entries.
    """

    part: int
    whole: int

    @classmethod
    def of(cls, begun: datetime, ended: datetime, start: datetime, end: datetime) -> "Share":
        inside = min(ended, end) - max(begun, start)
        return cls(max(inside // _MICROSECOND, 0), (ended - begun) // _MICROSECOND)

    def share(self, amount: Decimal) -> Decimal:
        """This share of an amount, to nine decimals; a whole amount is exact."""
        if self.part == self.whole:
            return amount
        return quotient(amount * self.part, Decimal(self.whole))


def share_of_stop(begun: datetime, seconds: Decimal, start: datetime, end: datetime) -> Share:
    """The share of a stop's entry in (start, end]."""
    lasted = timedelta(microseconds=int(abs(seconds) * 1_000_000))
    return Share.of(begun, begun + lasted, start, end)
