"""The losses of plans, priced by rate books that do not change: the same code as a what-if.

The events of some days are read once, however many plans ask about them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import localcontext
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_scopes import OF_EVENT, Scopes, around
from copq.figures.recomputing import rows_of
from copq.figures.what_if_books import ChangedBooks, OneBook
from copq.figures.what_if_dispatches import price_dispatches
from copq.figures.what_if_entries import Differences, Kept, KeptCost
from copq.figures.what_if_events import Compared, EventPrices, compare_each
from copq.figures.what_if_query import instants_of, reaches_json
from copq.figures.what_if_stops import STOP_ELEMENTS, price_booked_time
from copq.figures.window import Window
from copq.improvement.projects.plan import Plan
from copq.improvement.projects.scope import Scope, allows, holds
from copq.improvement.what_if.changes import EventChange
from copq.ledger.arithmetic import MONEY
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)
_NOT_OF_DISPATCH = ("stage", "defect_code", "work_unit", "shift", "supplier")


@dataclass(frozen=True, slots=True)
class FrozenQuery:
    """The events of a plan's scope in a window, at the rates of one book.

    With `booked_until`, as the ledger was then. With an approved `project`, whose frozen rates they
    are, events without bytes cost what was kept when these were dropped.
    """

    plan: Plan
    window: Window
    rates: OneBook
    booked_until: datetime | None = None
    project: int | None = None
    kept: Kept = field(default_factory=dict)

    def is_asked(self, plant: str, product: str | None, day: date) -> bool:
        return True

    @property
    def of_events(self) -> Mapping[int, EventChange]:
        return {}

    def days(self) -> dict[str, Any]:
        days = {"first": self.window.first, "last": self.window.last}
        none = {"group": None, "grouping": None}
        return {**days, **none, "booked_until": self.booked_until, **self.instants()}

    def instants(self) -> dict[str, Any]:
        places = {"plant": self.plan.plant, "line": None, "product": None}
        return {**instants_of(self.window), **places}

    def event_reaches(self) -> str:
        return reaches_of([self.plan.scope])

    def stop_reaches(self) -> None:
        """Booked time is priced without its stops."""


def reaches_of(scopes: Collection[Scope]) -> str:
    """The filter of events that some scope reaches; it may let others through."""
    return reaches_json([{name: own for name, own in around(scopes).items() if own is not None}])


class FrozenPrices:
    """What events cost by rate books that do not change. Those that have the same rates share
    their prices."""

    def __init__(self, conn: Connection, books: Books, newest: RateBook) -> None:
        self._conn, self._books, self._newest = conn, books, newest
        self._of: dict[tuple[Any, ...], tuple[RateBook, EventPrices]] = {}
        self._keys: dict[int, tuple[RateBook, tuple[Any, ...]]] = {}

    def of(self, frozen: RateBook) -> tuple[RateBook, EventPrices]:
        """The book with the current plants, and its prices."""
        if id(frozen) not in self._keys:
            self._keys[id(frozen)] = frozen, _rates_of(frozen)
        key = self._keys[id(frozen)][1]
        if key not in self._of:
            changed = ChangedBooks(self._conn, self._books, self._newest, OneBook(frozen))
            self._of[key] = changed.newest.after, EventPrices(changed)
        return self._of[key]


def _rates_of(frozen: RateBook) -> tuple[Any, ...]:
    """What tells frozen books apart: their rates, and the currencies of plants."""
    rates = tuple((kind, own.item) for kind, _, own in frozen.named_items())
    sites = tuple((name, site.plant.currency) for name, site in sorted(frozen.sites.items()))
    return rates, sites


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPricing:
    """A plan that is priced on some days. `number` is that of its scope."""

    number: int
    plan: Plan
    frozen: RateBook
    days: Collection[date]
    found: Differences
    project: int | None = None


async def price_plans(
    conn: Connection, prices: FrozenPrices, scopes: Scopes, window: Window,
    asked: Sequence[PlanPricing], booked_until: datetime | None = None,
) -> None:  # fmt: skip
    """Find the entries of all plans that cost something else at their rates, in a window.

    Call it in a transaction: it reads that snapshot. What has no bytes and no kept cost, no
    rate, or does not follow from its rates stays as booked and is counted. Entries outside the
    scope of a plan may be among its differences.
    """
    pricing = _Pricing(prices, scopes, window, asked, booked_until)
    await pricing.read(conn)


@dataclass(frozen=True, slots=True)
class _One:
    asked: PlanPricing
    book: RateBook
    compared: Compared
    has_dispatches: bool
    dispatches: list[Record] = field(default_factory=list)


class _Pricing:
    """Gives what is read of a window to the plans that ask about it."""

    def __init__(
        self, prices: FrozenPrices, scopes: Scopes, window: Window, asked: Sequence[PlanPricing],
        booked_until: datetime | None,
    ) -> None:  # fmt: skip
        self._prices, self._scopes, self._window, self._asked = prices, scopes, window, asked
        self._booked_until = booked_until
        self._of_day: dict[tuple[int, date], list[_One]] = defaultdict(list)

    async def read(self, conn: Connection) -> None:
        every = [self._one(asked, own) for asked, own in await self._queries(conn)]
        for one in every:
            for day in one.asked.days:
                self._of_day[one.asked.number, day].append(one)
        reaches = reaches_of([one.asked.plan.scope for one in every])
        days = every[0].compared.query.days()
        await compare_each(conn, days, reaches, self._comparing)
        if any(one.has_dispatches for one in every):
            await self._price_dispatches(conn, days, every)
        if any(_has_stops(one.asked.plan.scope) for one in every):
            await self._price_stops(conn, days)

    def _one(self, asked: PlanPricing, query: FrozenQuery) -> _One:
        book, prices = self._prices.of(asked.frozen)
        compared = Compared(prices, query, asked.found)
        return _One(asked, book, compared, has_dispatches(asked.plan.scope))

    async def _queries(self, conn: Connection) -> list[tuple[PlanPricing, FrozenQuery]]:
        projects = [one.project for one in self._asked if one.project is not None]
        kept = await kept_costs(conn, projects, self._window)
        return [
            (one, FrozenQuery(
                one.plan, self._window, OneBook(one.frozen), self._booked_until, one.project,
                kept.get(one.project, {}),
            ))
            for one in self._asked
        ]  # fmt: skip

    def _comparing(self, row: Record) -> list[Compared]:
        return [one.compared for one in self._reached(row)]

    def _reached(self, row: Record) -> list[_One]:
        day = row["day"]
        return [
            one
            for number in self._scopes.find(row).reaching
            for one in self._of_day.get((number, day), ())
        ]

    async def _price_dispatches(
        self, conn: Connection, days: Mapping[str, Any], every: Sequence[_One]
    ) -> None:
        for row in await conn.fetch(*_SQL.what_if_dispatches(**days)):
            for one in self._reached(row):
                one.dispatches.append(row)
        for one in every:
            if one.has_dispatches:
                price_dispatches(one.book, one.dispatches, one.asked.found)

    async def _price_stops(self, conn: Connection, days: Mapping[str, Any]) -> None:
        async for rows in rows_of(conn, *_SQL.what_if_stops(**days)):
            with localcontext(MONEY):
                for row in rows:
                    for number in self._scopes.find(row).holding:
                        for one in self._of_day.get((number, row["day"]), ()):
                            price_booked_time(one.book, row, one.asked.found)


def has_dispatches(scope: Scope) -> bool:
    """Whether dispatches of rejects may be in a scope: their only names are line and product."""
    return allows(scope, "element", "recovery_overhead") and all(
        allows(scope, name, None) for name in _NOT_OF_DISPATCH
    )


def _has_stops(scope: Scope) -> bool:
    return any(allows(scope, "element", element) for element in STOP_ELEMENTS)


async def price_again(
    conn: Connection, books: Books, newest: RateBook, query: FrozenQuery
) -> Differences:
    """The entries of one plan's scope that cost something else, as in `price_plans`."""
    found, plan = Differences(), query.plan
    prices = FrozenPrices(conn, books, newest)
    days = [query.window.first + number * _DAY for number in range(query.window.days)]
    one = PlanPricing(
        number=0, plan=plan, frozen=query.rates.one, days=days, found=found, project=query.project
    )
    scopes = Scopes({0: plan.scope})
    await price_plans(conn, prices, scopes, query.window, [one], query.booked_until)
    found.entries = [
        one for one in found.entries
        if holds(plan.scope, {name: getattr(one, name) for name in _FIELDS})
    ]  # fmt: skip
    return found


async def kept_costs(
    conn: Connection, projects: Collection[int], window: Window
) -> Mapping[int | None, Kept]:
    """What was kept of the events of projects."""
    found: dict[int | None, dict[tuple[str, str], KeptCost]] = defaultdict(dict)
    asked = _SQL.kept_entries(projects=list(projects), **instants_of(window))
    for row in await conn.fetch(*asked) if projects else ():
        cost = KeptCost(row["net"], row["recovered"], row["seconds"])
        found[row["project"]][row["event_id"], row["element"]] = cost
    return found


async def with_kept_costs(conn: Connection, query: FrozenQuery) -> FrozenQuery:
    """The query with what was kept of its project's events."""
    if query.project is None:
        return query
    kept = await kept_costs(conn, [query.project], query.window)
    return replace(query, kept=kept.get(query.project, {}))


_FIELDS = (*OF_EVENT, "element", "category")
