"""What a plan's scope lost by production day, line and product: booked, and at frozen rates."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_exposure import Output, exposure, output_of
from copq.figures.project_pricing import FrozenPrices, PlanPricing, has_dispatches, price_plans
from copq.figures.project_scopes import Scopes, around
from copq.figures.what_if_entries import ChangedEntry, Differences
from copq.figures.what_if_query import instants_of
from copq.figures.window import Window
from copq.improvement.projects.plan import SCOPE_FIELDS, Exposure, Plan
from copq.improvement.projects.scope import Scope, names_of
from copq.ledger.arithmetic import MONEY, ZERO
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
AT_ONCE = 31
"""The number of production days that are held in memory."""

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Production days of a plan: at the rates of a frozen book (see `copq.rates.frozen`), and with
    `booked_until` as the ledger was then. An approved `project` has its number."""

    plan: Plan
    frozen: RateBook
    days: Collection[date]
    others: Others = field(default_factory=dict)
    booked_until: datetime | None = None
    project: int | None = None


async def read_days(
    conn: Connection, books: Books, newest: RateBook, plan: Plan, frozen: RateBook,
    days: Iterable[date], others: Others | None = None, booked_until: datetime | None = None,
    project: int | None = None,
) -> list[PlanDay]:  # fmt: skip
    """The cells of these production days of a plan, as in `Asked`. Call it in a transaction: it
    reads that snapshot."""
    asked = Asked(
        plan=plan, frozen=frozen, days=set(days), others=others or {},
        booked_until=booked_until, project=project,
    )  # fmt: skip
    prices, scopes = FrozenPrices(conn, books, newest), scopes_of([asked])
    read: list[PlanDay] = []
    for window in windows_of(sorted(asked.days)):
        found = Reading([asked], scopes, window)
        await found.read(conn)
        await found.price(conn, prices, found.days)
        read += found.days.values()
    return read


def scopes_of(every: Iterable[Asked]) -> Scopes:
    """The scopes of plans of one plant, and of the others that they share losses with."""
    found: dict[int, Scope] = {}
    for place, asked in enumerate(every):
        found[_number(asked, place)] = asked.plan.scope
        found |= asked.others
    return Scopes(found)


def _number(asked: Asked, place: int) -> int:
    """The number of a scope: that of its project, else one that no project has."""
    return -1 - place if asked.project is None else asked.project


def windows_of(days: Sequence[date], at_once: int = AT_ONCE) -> Iterator[Window]:
    """The days in windows of neighbouring days, none longer than `at_once`."""
    first = last = None
    for day in days:
        if first is None or last is None or day != last or (day - first).days >= at_once:
            if first is not None and last is not None:
                yield Window(first, last)
            first = day
        last = day + _DAY
    if first is not None and last is not None:
        yield Window(first, last)


_PLACES = (
    "currency", "line", "product", "element", "category", "stage", "defect_code", "work_unit",
    "shift", "supplier",
)  # fmt: skip
"""What tells losses of a day apart."""

Key = tuple[int, date]
"""The place of an `Asked`, and one of its days."""


class Reading:
    """Puts the losses, their frozen cost and the exposure of neighbouring days into cells, for many
    plans of a plant at once. Call it in a transaction: it reads that snapshot.

    `days` are complete once they are priced. Until then each has its entries.
    """

    def __init__(self, every: Sequence[Asked], scopes: Scopes, window: Window) -> None:
        self._every, self._scopes, self._window = every, scopes, window
        self._untils = sorted({one.booked_until for one in every if one.booked_until is not None})
        self._late = [self._latest(one.booked_until) for one in every]
        self._numbers = [_number(one, place) for place, one in enumerate(every)]
        self.days: dict[Key, PlanDay] = {}
        self._asking: dict[tuple[int, date], list[int]] = defaultdict(list)
        self._has_losses: set[Key] = set()
        self._is_reached: set[Key] = set()
        self._has_later: set[Key] = set()
        self._foreign: dict[Key, Counter[tuple[str, ...]]] = defaultdict(Counter)
        for place, one in enumerate(every):
            for day in sorted(one.days):
                if window.first <= day < window.last:
                    self.days[place, day] = PlanDay(day)
                    self._asking[self._numbers[place], day].append(place)

    def _latest(self, until: datetime | None) -> int:
        return len(self._untils) if until is None else self._untils.index(until)

    async def read(self, conn: Connection) -> None:
        """Read what was lost and made."""
        plant, instants = self._every[0].plan.plant, instants_of(self._window)
        untils = [until + _TICK for until in self._untils]
        days = {"plant": plant, "first": self._window.first, "last": self._window.last}
        days |= {**instants, "untils": untils}
        scopes = [self._scopes.of[number] for number in set(self._numbers)]
        names = dict.fromkeys(("element", "category")) | around(scopes)
        # Postgres expects few rows, and would sort them. To put them in groups is quicker.
        await conn.execute("set local plan_cache_mode = force_custom_plan")
        await conn.execute("set local work_mem = '64MB'; set local enable_sort = off")
        rows = await conn.fetch(
            *_SQL.losses_and_output(**days, **names, by=list(self._scopes.fields))
        )
        await conn.execute("set local work_mem to default; set local enable_sort to default")
        in_hours = any(one.plan.exposure is Exposure.PRODUCTION_HOURS for one in self._every)
        hours: Sequence[Record] = ()
        if in_hours:
            hours = await conn.fetch(*_SQL.hours_and_stops(**days, line=names["line"]))
        with localcontext(MONEY):
            for row in rows:
                if row["category"] != "none":
                    self._add_losses(row)
            self._note_other_currencies()
            made = output_of(row for row in rows if row["element"] == "production")
            self._add_exposure(made, output_of(hours))

    def _add_losses(self, row: Record) -> None:
        found, day = self._scopes.find(row), row["day"]
        for number in found.reaching:
            for place in self._asking.get((number, day), ()):
                if row["late"] > self._late[place]:
                    self._has_later.add((place, day))
                    continue
                self._is_reached.add((place, day))
                if number in found.holding:
                    self._has_losses.add((place, day))
                    self._add_loss(place, row, found.holding)

    def _add_loss(self, place: int, row: Record, holding: Collection[int]) -> None:
        key = place, row["day"]
        own = self.days[key]
        own.entries += row["entries"]
        if row["currency"] == self._every[place].plan.currency:
            self._add(place, own, row, holding, row["net"], row["net"])
        else:
            # An entry and its reversal may have been booked before and after another plan's freeze.
            self._foreign[key][tuple(row[name] for name in _PLACES)] += row["standing"]

    def _note_other_currencies(self) -> None:
        """Keep the currencies other than the plan's in which losses stand."""
        for key, standing in self._foreign.items():
            self.days[key].other_currencies |= {names[0] for names, n in standing.items() if n}

    def _add(
        self, place: int, own: PlanDay, names: Mapping[str, Any], holding: Collection[int],
        booked: Decimal, at_frozen: Decimal,
    ) -> None:  # fmt: skip
        asked = self._every[place]
        if names["currency"] != asked.plan.currency:
            own.other_currencies.add(names["currency"])
            return
        others = tuple(sorted(number for number in holding if number in asked.others))
        figures = own.cells[names["line"], names["product"] or "", others]
        figures.booked += booked
        figures.at_frozen_rates += at_frozen

    def _add_exposure(self, made: Output, hours: Output) -> None:
        asking: dict[int, list[date]] = defaultdict(list)
        for place, day in self.days:
            asking[place].append(day)
        for place, days in asking.items():
            one, late = self._every[place], self._late[place]
            exposed = exposure(one.plan, one.frozen, days, made, hours, late)
            for (day, line, product), amount in exposed.of.items():
                self.days[place, day].cells[line, product, ()].exposure += amount
            for day, entries in exposed.entries.items():
                self.days[place, day].entries += entries

    async def price(self, conn: Connection, prices: FrozenPrices, wanted: Iterable[Key]) -> None:
        """Price these days at their frozen rates."""
        by_until: dict[datetime | None, dict[int, set[date]]] = {}
        for place, day in wanted:
            if self._has_cost(place, day):
                until = self._until(place, day)
                by_until.setdefault(until, defaultdict(set))[place].add(day)
        for until, asked in by_until.items():
            for window in windows_of(sorted(set().union(*asked.values()))):
                plans = {
                    place: self._pricing(place, own)
                    for place, days in asked.items()
                    if (own := [day for day in days if window.first <= day < window.last])
                }
                await price_plans(
                    conn, prices, self._scopes, window, list(plans.values()), until
                )  # fmt: skip
                for place, plan in plans.items():
                    self._count_left(place, plan.found)

    def _has_cost(self, place: int, day: date) -> bool:
        """Whether something of a day may cost something else: a loss, or a dispatch of rejects
        that are in no cell themselves."""
        key = place, day
        scope = self._every[place].plan.scope
        return key in self._has_losses or (key in self._is_reached and has_dispatches(scope))

    def _until(self, place: int, day: date) -> datetime | None:
        """None where the ledger has nothing that was booked later."""
        return self._every[place].booked_until if (place, day) in self._has_later else None

    def _pricing(self, place: int, days: Collection[date]) -> PlanPricing:
        one = self._every[place]
        return PlanPricing(
            number=self._numbers[place], plan=one.plan, frozen=one.frozen, days=days,
            found=_Found(self, place), project=one.project,
        )  # fmt: skip

    def _count_left(self, place: int, found: Differences) -> None:
        for (day, _), number in found.left_on.items():
            self.days[place, day].left_as_booked += number

    def add_difference(self, place: int, one: ChangedEntry) -> None:
        """Add what an entry costs more at the frozen rates, if it is in scope."""
        names = {name: getattr(one, name) for name in (*SCOPE_FIELDS, "currency")}
        holding = self._scopes.find(names).holding
        if self._numbers[place] in holding:
            self._add(place, self.days[place, one.day], names, holding, ZERO, one.difference)


class _Found(Differences):
    """Differences that go into the cells at once: a wide scope has many."""

    def __init__(self, reading: Reading, place: int) -> None:
        super().__init__()
        self._reading, self._place = reading, place

    def add(self, entries: Iterable[ChangedEntry]) -> None:
        Differences.add(self, entries)
        for one in self.entries:
            self._reading.add_difference(self._place, one)
        self.entries.clear()


def parameters(plan: Plan, window: Window, booked_until: datetime | None = None) -> dict[str, Any]:
    """The scope and the window as parameters of the queries of losses."""
    names = {name: names_of(plan.scope, name) for name in SCOPE_FIELDS}
    scope = {name: None if own is None else sorted(own) for name, own in names.items()}
    days = {"first": window.first, "last": window.last, "booked_until": booked_until}
    return {"plant": plan.plant, **scope, **days, **instants_of(window)}
