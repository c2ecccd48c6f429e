"""What a plan's scope lost by production day, line and product: booked, and at frozen rates."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_exposure import Exposed, read_exposure
from copq.figures.project_pricing import FrozenQuery, price_again
from copq.figures.what_if_books import OneBook
from copq.figures.what_if_entries import Differences
from copq.figures.what_if_query import instants_of
from copq.figures.window import Window
from copq.improvement.projects.plan import SCOPE_FIELDS, Plan
from copq.improvement.projects.scope import Scope, holds, names_of
from copq.ledger.arithmetic import MONEY, ZERO
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
AT_ONCE = 31
"""The number of production days that are held in memory."""

_DAY = timedelta(days=1)
Others = Mapping[int, Scope]
"""The scopes of other projects of the plant, by project."""


@dataclass(slots=True)
class Figures:
    """Money of a cell on a day in the plan's currency, and what it is compared with."""

    booked: Decimal = ZERO
    at_frozen_rates: Decimal = ZERO
    exposure: Decimal = ZERO


CellName = tuple[str, str, tuple[int, ...]]
"""A line, a product, and the other projects whose scopes hold the losses. An empty line or product
stands for losses that have none. Exposure is in the cell without others."""


@dataclass(slots=True)
class PlanDay:
    """The cells of a production day.

    `entries` is the number of ledger entries that they follow from: it grows with each new one.
    `left_as_booked` counts events whose cost at frozen rates is not known, so that it is what was
    booked. Losses in `other_currencies` are in no cell.
    """

    day: date
    entries: int = 0
    left_as_booked: int = 0
    other_currencies: set[str] = field(default_factory=set)
    cells: dict[CellName, Figures] = field(default_factory=lambda: defaultdict(Figures))


async def read_days(
    conn: Connection, books: Books, newest: RateBook, plan: Plan, frozen: RateBook,
    days: Iterable[date], others: Others | None = None, booked_until: datetime | None = None,
    project: int | None = None,
) -> list[PlanDay]:  # fmt: skip
    """The cells of these production days. Call it in a transaction: it reads that snapshot.

    `frozen` is the book whose rates do not change; see `copq.rates.frozen`. With `booked_until`
    they are as the ledger was then; see `FrozenQuery` for `project`.
    """
    asked, read = sorted(set(days)), []
    for window in windows_of(asked):
        found = _Reading(plan, others or {}, booked_until, project)
        read += await found.read(conn, books, newest, frozen, window)
    return read


async def count_entries(
    conn: Connection, plan: Plan, days: Iterable[date], booked_until: datetime | None = None
) -> Counter[date]:
    """The number of entries that each day follows from, as in `PlanDay`; nothing is priced."""
    counted: Counter[date] = Counter()
    for window in windows_of(sorted(set(days))):
        for row in await conn.fetch(*_SQL.project_losses(**parameters(plan, window, booked_until))):
            counted[row["day"]] += row["entries"]
        counted += (await read_exposure(conn, plan, RateBook(), window, booked_until)).entries
    return counted


def windows_of(days: Sequence[date]) -> Iterator[Window]:
    """The days in windows of neighbouring days, none longer than `AT_ONCE`."""
    first = last = None
    for day in days:
        if first is None or last is None or day != last or (day - first).days >= AT_ONCE:
            if first is not None and last is not None:
                yield Window(first, last)
            first = day
        last = day + _DAY
    if first is not None and last is not None:
        yield Window(first, last)


class _Reading:
    """Puts the losses, their frozen cost and the exposure of a window into cells."""

    def __init__(
        self, plan: Plan, others: Others, booked_until: datetime | None, project: int | None
    ) -> None:
        self._plan, self._others, self._booked_until = plan, others, booked_until
        self._project = project
        self._days: dict[date, PlanDay] = {}

    async def read(
        self, conn: Connection, books: Books, newest: RateBook, frozen: RateBook, window: Window
    ) -> list[PlanDay]:
        self._days = {day: PlanDay(day) for day in _days_of(window)}
        losses = await conn.fetch(
            *_SQL.project_losses(**parameters(self._plan, window, self._booked_until))
        )
        query = FrozenQuery(self._plan, window, OneBook(frozen), self._booked_until, self._project)
        again = await price_again(conn, books, newest, query) if losses else Differences()
        exposed = await read_exposure(conn, self._plan, frozen, window, self._booked_until)
        with localcontext(MONEY):
            self._add(losses, again, exposed)
        return list(self._days.values())

    def _add(self, losses: Iterable[Record], again: Differences, exposed: Exposed) -> None:
        for row in losses:
            self._days[row["day"]].entries += row["entries"]
            if row["standing"] or row["currency"] == self._plan.currency:
                self._add_loss(row["day"], row, row["net"], row["net"])
        for one in again.entries:
            names = {name: getattr(one, name) for name in (*SCOPE_FIELDS, "currency")}
            self._add_loss(one.day, names, ZERO, one.difference)
        for (day, line, product), amount in exposed.of.items():
            self._days[day].cells[line, product, ()].exposure += amount
        for day, number in exposed.entries.items():
            self._days[day].entries += number
        for day, number in _left(again).items():
            self._days[day].left_as_booked += number

    def _add_loss(
        self, day: date, names: Mapping[str, Any], booked: Decimal, at_frozen: Decimal
    ) -> None:
        if names["currency"] != self._plan.currency:
            self._days[day].other_currencies.add(names["currency"])
            return
        others = (number for number, scope in self._others.items() if holds(scope, names))
        cell = names["line"], names["product"] or "", tuple(sorted(others))
        figures = self._days[day].cells[cell]
        figures.booked += booked
        figures.at_frozen_rates += at_frozen


def parameters(plan: Plan, window: Window, booked_until: datetime | None = None) -> dict[str, Any]:
    """The scope and the window as parameters of the queries of losses."""
    names = {name: names_of(plan.scope, name) for name in SCOPE_FIELDS}
    scope = {name: None if own is None else sorted(own) for name, own in names.items()}
    days = {"first": window.first, "last": window.last, "booked_until": booked_until}
    return {"plant": plan.plant, **scope, **days, **instants_of(window)}


def _days_of(window: Window) -> Iterator[date]:
    return (window.first + number * _DAY for number in range(window.days))


def _left(again: Differences) -> Counter[date]:
    counted: Counter[date] = Counter()
    for (day, _), number in again.left_on.items():
        counted[day] += number
    return counted
