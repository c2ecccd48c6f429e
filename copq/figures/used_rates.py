"""Only the rates that an entry was computed from, by the versions stored with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from asyncpg import Connection

from copq.figures.books import Books
from copq.figures.entries import LedgerEntry
from copq.ledger.downtime import cost_between
from copq.rates.book import E, History, RateBook, Site, Versioned
from copq.schemas.priced import STANDING_ELEMENTS
from copq.schemas.rates import CostTable, LabourRate, LineRate
from copq.standing_costs.ids import number_of
from copq.standing_costs.store import StandingCost


@dataclass(frozen=True, slots=True)
class UsedRate:
    """A version of a table or rate that a figure was computed from."""

    kind: str
    name: str
    version: int
    effective_from: datetime


class UsedRates(RateBook):
    """A rate book with only the versions of one entry; `used` lists the rates that were requested.

    `standing_cost` is the one that booked the entry, if one did.

    A rate whose version the entry does not name was not in force for it. Lines that the plant no
    longer has still count as its lines.
    """

    has_daily_recovery = False

    def __init__(
        self,
        entry: LedgerEntry,
        newest: RateBook,
        tables: RateBook,
        labour: RateBook | None = None,
        lines: RateBook | None = None,
        standing_cost: StandingCost | None = None,
    ) -> None:
        super().__init__(entry.rate_version)
        self.sites = _sites(newest, entry.currency)
        self._entry, self._of_tables = entry, tables
        self._of_labour, self._of_lines = labour, lines
        self.standing_cost = standing_cost
        self.used: list[UsedRate] = []

    def cost_table(self, plant: str, product: str, at: datetime) -> Versioned[CostTable] | None:
        history = self._of_tables.tables_of(plant, product)
        found = _of_version(history, self._entry.rate_version, lambda h: h.at(at))
        return self._answer("cost table", product, found)

    def day_table(self, plant: str, product: str, day: date) -> Versioned[CostTable] | None:
        history, calendar = self._of_tables.tables_of(plant, product), self.sites[plant].calendar
        start, end = calendar.start_of(day), calendar.end_of(day)
        version = self._entry.rate_version
        found = _of_version(history, version, lambda h: h.first_in(start, end))
        return self._answer("cost table", product, found)

    def line_rate(self, plant: str, line: str, at: datetime) -> Versioned[LineRate] | None:
        history = self._of_lines.line_rates_of(plant, line) if self._of_lines else None
        found = _of_version(history, self._entry.line_version, lambda h: h.at(at))
        return self._answer("line rate", line, found)

    def stop_rate(self, at: datetime) -> Versioned[LineRate] | None:
        """The line rate of a stop's entry, given when its event began.

        A piece of a stop costs the rate of the first piece, which may have begun earlier. So this
        is the rate of the entry's version that gives the booked amount.
        """
        entry = self._entry
        lines = self._of_lines
        history = lines.line_rates_of(entry.plant, entry.line) if lines else None
        own = _of_version(history, entry.line_version, lambda h: h.at(at))
        earlier = [
            v for v in (reversed(history.all()) if history else ())
            if v.version == entry.line_version and v.item.effective_from <= at
        ]  # fmt: skip
        tried = [v for v in (own, *earlier) if v is not None]
        fits = (v for v in tried if stop_cost(entry, v.item) == abs(entry.gross))
        return self._answer("line rate", entry.line, next(fits, own))

    def labour_rate(self, plant: str, grade: str, at: datetime) -> Versioned[LabourRate] | None:
        history = self._of_labour.labour_rates_of(plant, grade) if self._of_labour else None
        found = _of_version(history, self._entry.labour_version, lambda h: h.at(at))
        return self._answer("labour rate", grade, found)

    def _answer(self, kind: str, name: str, rate_found: Versioned[E] | None) -> Versioned[E] | None:
        if rate_found is not None:
            rate = UsedRate(kind, name, rate_found.version, rate_found.item.effective_from)
            if rate not in self.used:
                self.used.append(rate)
        return rate_found


def stop_cost(entry: LedgerEntry, rate: LineRate) -> Decimal:
    """The cost of the time of a stop's entry at a rate."""
    lasted = timedelta(microseconds=int(abs(entry.seconds) * 1_000_000))
    each = rate.per_hour(entry.element == "planned_stop")
    return cost_between(each, entry.occurred_at, entry.occurred_at + lasted)


def _sites(newest: RateBook, currency: str) -> dict[str, Site]:
    """The plants as if they had one currency and no lines; cached with their calendars."""
    known = _SITES.setdefault(newest, {})
    if currency not in known:
        known[currency] = {
            name: site.in_one_currency(currency) for name, site in newest.sites.items()
        }
        for site in known[currency].values():
            site.lines = frozenset()
    return known[currency]


_SITES: WeakKeyDictionary[RateBook, dict[str, dict[str, Site]]] = WeakKeyDictionary()


def _of_version(
    history: History[E] | None,
    version: int | None,
    choose: Callable[[History[E]], Versioned[E] | None],
) -> Versioned[E] | None:
    """The chosen rate if it has the version, else the choice among that version alone: a version in
    between may have ended the rate that was in force."""
    if history is None or version is None:
        return None
    found = choose(history)
    if found is not None and found.version == version:
        return found
    return choose(History(v for v in history.all() if v.version == version))


async def used_rates(
    conn: Connection, books: Books, newest: RateBook, entry: LedgerEntry
) -> UsedRates:
    """The rates of an entry, each from the rate book as it was when its version was the newest."""

    async def of(version: int | None) -> Any:
        return None if version is None else await books.as_of(conn, version)

    if entry.element in STANDING_ELEMENTS:
        number = number_of(entry.event_id)
        return UsedRates(
            entry,
            newest,
            newest,
            standing_cost=None if number is None else await books.standing_cost(conn, number),
        )
    return UsedRates(
        entry, newest, await of(entry.rate_version),
        await of(entry.labour_version), await of(entry.line_version),
    )  # fmt: skip
