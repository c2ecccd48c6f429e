"""The rate book: which table or rate was in force when. Values in, values out."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, TypeVar

from copq.ledger.calendar import QUARTER, Calendar, quarter_of
from copq.schemas.rates import CostTable, Effective, LabourRate, LineRate, Plant, PlantCurrency

E = TypeVar("E", bound=Effective)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Versioned(Generic[E]):
    """An item, and the revision of the book that introduced it."""

    version: int
    item: E


class History(Generic[E]):
    """The versions of one table or rate, each in force until the next."""

    def __init__(self, versions: Iterable[Versioned[E]]) -> None:
        newest = {v.item.effective_from: v for v in sorted(versions, key=lambda v: v.version)}
        self._starts = sorted(newest)
        self._versions = [newest[start] for start in self._starts]

    def at(self, instant: datetime) -> Versioned[E] | None:
        """The version in force: the latest that has begun, unless it ended before its successor."""
        index = bisect_right(self._starts, instant) - 1
        if index < 0:
            return None
        found = self._versions[index]
        ended = found.item.effective_to is not None and found.item.effective_to <= instant
        return None if ended else found

    def first_in(self, start: datetime, end: datetime) -> Versioned[E] | None:
        """The version in force at `start`, else the first that begins before `end`."""
        found = self.at(start)
        if found is not None:
            return found
        index = bisect_right(self._starts, start)
        return (
            self._versions[index]
            if index < len(self._starts) and (self._starts[index] < end)
            else None
        )

    def all(self) -> list[Versioned[E]]:
        return list(self._versions)

    def spans(self) -> list[tuple[Versioned[E], datetime, datetime | None]]:
        """Each version with the time in which it is in force; the end is None if it never ends."""
        followers: list[datetime | None] = [*self._starts[1:], None]
        return [
            (v, start, min((e for e in (v.item.effective_to, follower) if e), default=None))
            for v, start, follower in zip(self._versions, self._starts, followers, strict=False)
        ]

    def nearest(self, instant: datetime) -> list[Versioned[E]]:
        """All versions: the one in force first, then by their distance from the instant.

        If two are equally distant, the earlier comes first.
        """

        def distance(span: tuple[Versioned[E], datetime, datetime | None]) -> timedelta:
            _, start, end = span
            if instant < start:
                return start - instant
            return instant - end + _INSTANT if end is not None and end <= instant else timedelta()

        return [version for version, *_ in sorted(self.spans(), key=distance)]


class Site:
    """A plant with its calendar."""

    def __init__(self, plant: Plant, currencies: "History[PlantCurrency] | None" = None) -> None:
        self.plant = plant
        self.currencies = currencies
        self.calendar = Calendar(plant.time_zone, plant.day_start)
        self.lines = frozenset(plant.lines)

    def currency_at(self, at: datetime) -> str:
        """The plant's currency at an instant."""
        found = self.currencies.at(at) if self.currencies else None
        return self.plant.currency if found is None else found.item.currency

    def currency_since(self, at: datetime) -> datetime | None:
        """The start of the currency in force at `at`; None if it is the plant's first."""
        starts = [v.item.effective_from for v in self.currencies.all()] if self.currencies else []
        since = None
        for start in reversed([start for start in starts if start <= at]):
            if self.currency_at(start) != self.currency_at(at):
                break
            since = start
        return (
            since if since and self.currency_at(since - _INSTANT) != self.currency_at(at) else None
        )

    def all_currencies(self) -> set[str]:
        """All past, current and future currencies of the plant."""
        later = self.currencies.all() if self.currencies else ()
        return {self.plant.currency, *(version.item.currency for version in later)}

    def in_one_currency(self, currency: str) -> "Site":
        """The same plant, as if it had always had this currency."""
        return Site(self.plant.model_copy(update={"currency": currency}))

    def of_lines(self, lines: set[str | None]) -> "Site":
        """The same plant with these lines alone."""
        named = self.plant.lines or tuple(sorted(line for line in lines if line))
        kept = tuple(line for line in named if line in lines)
        return Site(self.plant.model_copy(update={"lines": kept}), self.currencies)


class RateBook:
    """All rates as of one revision. It never changes; a new import makes a new book."""

    def __init__(
        self,
        revision: int = 0,
        plants: Iterable[Plant] = (),
        cost_tables: Iterable[Versioned[CostTable]] = (),
        line_rates: Iterable[Versioned[LineRate]] = (),
        labour_rates: Iterable[Versioned[LabourRate]] = (),
        plant_currencies: Iterable[Versioned[PlantCurrency]] = (),
    ) -> None:
        self.revision = revision
        self._currencies = _histories(plant_currencies, lambda c: (c.plant,))
        self.sites = {p.plant: Site(p, self._currencies.get((p.plant,))) for p in plants}
        self._tables = _histories(cost_tables, lambda t: (t.plant, t.product))
        self._lines = _histories(line_rates, lambda r: (r.plant, r.line))
        self._labour = _histories(labour_rates, lambda r: (r.plant, r.grade))

    def seen_by(self, lines: frozenset[tuple[str, str | None]] | None) -> "RateBook":
        """The same book with these lines alone; None: all. A line of None is all of its plant."""
        if lines is None:
            return self
        seen = copy(self)
        seen.sites = {
            name: site if None in own else site.of_lines(own)
            for name, site in self.sites.items()
            if (own := {line for plant, line in lines if plant == name})
        }
        return seen

    @cached_property
    def edges(self) -> frozenset[float]:
        """The quarters of an hour in which an item begins or ends."""
        items = [versioned.item for _, _, versioned in self.named_items()]
        instants = [at for i in items for at in (i.effective_from, i.effective_to) if at]
        return frozenset(quarter_of(at) for at in instants if at.timestamp() % QUARTER)

    @cached_property
    def has_daily_recovery(self) -> bool:
        """Whether any table charges the dispatch of a day's recoverable rejects."""
        histories = self._tables.values()
        return any(v.item.recovery_overhead_per_day for h in histories for v in h.all())

    def tables_of(self, plant: str, product: str) -> History[CostTable] | None:
        """The plant's own tables of the product; without any, those of all plants."""
        return self._tables.get((plant, product)) or self._tables.get((None, product))

    def has_table(self, plant: str | None, product: str) -> bool:
        """Whether the plant (None: any plant) has ever had a cost table of the product."""
        plants = [plant] if plant else list(self.sites)
        return any(self.tables_of(name, product) for name in plants)

    @cached_property
    def products(self) -> dict[str, list[str]]:
        """The products of each plant that have a cost table, in order."""
        of: dict[Hashable, set[Any]] = defaultdict(set)
        for plant, product in self._tables:
            of[plant].add(product)
        return {plant: sorted(of[plant] | of[None]) for plant in self.sites}

    @cached_property
    def stages(self) -> frozenset[str]:
        """The stages of all cost tables."""
        tables = (v.item for history in self._tables.values() for v in history.all())
        return frozenset(stage.stage for table in tables for stage in table.stages)

    def grades_of(self, plant: str) -> list[str]:
        """The labour grades of a plant that have a rate, in order."""
        return sorted(str(grade) for of, grade in self._labour if of == plant)

    def cost_table(self, plant: str, product: str, at: datetime) -> Versioned[CostTable] | None:
        history = self.tables_of(plant, product)
        return history.at(at) if history else None

    def day_table(self, plant: str, product: str, day: date) -> Versioned[CostTable] | None:
        """The table of a whole production day: the one in force at its start."""
        history, calendar = self.tables_of(plant, product), self.sites[plant].calendar
        if history is None:
            return None
        return history.first_in(calendar.start_of(day), calendar.end_of(day))

    def line_rates_of(self, plant: str, line: str) -> History[LineRate] | None:
        return self._lines.get((plant, line))

    def labour_rates_of(self, plant: str, grade: str) -> History[LabourRate] | None:
        return self._labour.get((plant, grade))

    def line_rate(self, plant: str, line: str, at: datetime) -> Versioned[LineRate] | None:
        history = self.line_rates_of(plant, line)
        return history.at(at) if history else None

    def ideal_rates(self, plant: str, at: datetime) -> dict[str, Decimal]:
        """The units a minute at best, of the lines of which they are known."""
        rates = (of.at(at) for (name, _), of in self._lines.items() if name == plant)
        return {
            rate.item.line: rate.item.ideal_rate_per_minute
            for rate in rates
            if rate is not None and rate.item.ideal_rate_per_minute is not None
        }

    def labour_rate(self, plant: str, grade: str, at: datetime) -> Versioned[LabourRate] | None:
        history = self.labour_rates_of(plant, grade)
        return history.at(at) if history else None

    def named_items(self) -> list[tuple[str, str, Versioned[Any]]]:
        """All items but the plants: kind, a name to show, the version."""
        kinds = (
            ("plant currency", self._currencies),
            ("cost table", self._tables),
            ("line rate", self._lines),
            ("labour rate", self._labour),
        )
        return [
            (kind, "/".join(str(part) for part in key if part is not None), version)
            for kind, histories in kinds
            for key, history in histories.items()
            for version in history.all()
        ]


def _histories(
    items: Iterable[Versioned[E]], key: Callable[[E], tuple[Hashable, ...]]
) -> dict[tuple[Hashable, ...], History[E]]:
    grouped: dict[tuple[Hashable, ...], list[Versioned[E]]] = defaultdict(list)
    for versioned in items:
        grouped[key(versioned.item)].append(versioned)
    return {name: History(versions) for name, versions in grouped.items()}


def compound_name(*parts: str | None) -> str:
    """One name from several parts, unique for these parts; `*` stands for None."""
    return "/".join("*" if part is None else _escape(part) for part in parts)


def _escape(part: str) -> str:
    part = part.replace("\\", "\\\\").replace("/", "\\/")
    return "\\*" if part == "*" else part
