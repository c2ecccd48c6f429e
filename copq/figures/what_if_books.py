"""The rate books of a comparison: each that priced the events, and the same with other rates."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from asyncpg import Connection

from copq.figures.books import Books
from copq.figures.what_if_entries import Kept
from copq.figures.window import Window
from copq.improvement.what_if.changes import EventChange, RateChange
from copq.rates.book import RateBook, Site
from copq.rates.changed_figures import changed_book
from copq.schemas.priced import Entry


class OtherRates(Protocol):
    """Rates that events are priced with in place of those that priced them.

    The numbers are those of the changes that change a rate.
    """

    def book(self, booked: RateBook) -> RateBook:
        """The book in place of the one that priced the events; the same where none differs."""

    def of_entry(self, row: Mapping[str, Any]) -> list[int]:
        """What may have changed the price of the event of a booked entry."""

    def of_event(self, event: Any, before: Mapping[str, Entry]) -> list[int]:
        """What changes the price of an event, whose entries are these."""

    def of_line(self, line: str) -> list[int]:
        """What changes the rate of a line."""

    def of_product(self, product: str) -> list[int]:
        """What changes the cost table of a product."""


class Comparison(Protocol):
    """Which events are priced again, with which changes and rates."""

    @property
    def window(self) -> Window: ...
    @property
    def of_events(self) -> Mapping[int, EventChange]:
        """The changes of events, by their number."""

    @property
    def rates(self) -> OtherRates: ...
    @property
    def kept(self) -> Kept:
        """What events without bytes would have cost, as far as it was kept."""

    def is_asked(self, plant: str, product: str | None, day: date) -> bool:
        """Whether costs of a product on a production day are in the question."""

    def days(self) -> dict[str, Any]:
        """The window and the scope as parameters of the queries."""

    def instants(self) -> dict[str, Any]:
        """As `days`, without the production days."""

    def event_reaches(self) -> str | None:
        """The filters of entries that a change may reach, as JSON; None if there are none."""

    def stop_reaches(self) -> str | None:
        """As `event_reaches`, for stops."""


@dataclass(frozen=True, slots=True)
class ChangedFigures:
    """The book that priced the events, with some changed figures."""

    changes: Mapping[int, RateChange]

    def book(self, booked: RateBook) -> RateBook:
        return changed_book(booked, list(self.changes.values())) if self.changes else booked

    def of_entry(self, row: Mapping[str, Any]) -> list[int]:
        by_labour = row["labour_version"] is not None
        return [
            n for n, rate in self.changes.items()
            if _is_of(rate, "product", row["product"]) or (rate.kind == "labour" and by_labour)
        ]  # fmt: skip

    def of_event(self, event: Any, before: Mapping[str, Entry]) -> list[int]:
        by_labour = any(entry.labour_version is not None for entry in before.values())
        grade = (getattr(event, "labour_grade", None) or "standard") if by_labour else None
        return [
            n for n, rate in self.changes.items()
            if _is_of(rate, "product", event.product) or _is_of(rate, "labour", grade)
        ]  # fmt: skip

    def of_line(self, line: str) -> list[int]:
        return [n for n, rate in self.changes.items() if _is_of(rate, "line", line)]

    def of_product(self, product: str) -> list[int]:
        return [n for n, rate in self.changes.items() if _is_of(rate, "product", product)]


def _is_of(rate: RateChange, kind: str, name: str | None) -> bool:
    return rate.kind == kind and rate.name == name


FROZEN = 0
"""The number of the only change where one book replaces all others."""


@dataclass(frozen=True, slots=True)
class OneBook:
    """One book, whichever priced the events: it concerns all of them."""

    one: RateBook

    def book(self, booked: RateBook) -> RateBook:
        """With the plants of the other book, each in the currency of the own one."""
        book = copy(self.one)
        book.sites = {name: self._site(name, site) for name, site in booked.sites.items()}
        return book

    def _site(self, name: str, site: Site) -> Site:
        own = self.one.sites.get(name, site)
        return _of_any_line(site.in_one_currency(own.plant.currency))

    def of_entry(self, row: Mapping[str, Any]) -> list[int]:
        return [FROZEN]

    def of_event(self, event: Any, before: Mapping[str, Entry]) -> list[int]:
        return [FROZEN]

    def of_line(self, line: str) -> list[int]:
        return [FROZEN]

    def of_product(self, product: str) -> list[int]:
        return [FROZEN]


class ChangedBook(NamedTuple):
    """A rate book, and the one in its place."""

    before: RateBook
    after: RateBook


class ChangedBooks:
    """The books of one answer, read in its snapshot."""

    def __init__(self, conn: Connection, books: Books, newest: RateBook, rates: OtherRates) -> None:
        self._conn, self._books, self._rates = conn, books, rates
        self._sites = {name: _of_any_line(site) for name, site in newest.sites.items()}
        self.newest = self._with_rates(newest)
        self._older: dict[int, ChangedBook] = {}

    async def as_booked(self, version: int) -> ChangedBook:
        """The rates of an earlier revision, with the current plants. A line that its plant no
        longer has still has its entries."""
        if version not in self._older:
            book = await self._books.as_of(self._conn, version)
            self._older[version] = self._with_rates(book)
        return self._older[version]

    def _with_rates(self, own: RateBook) -> ChangedBook:
        book = copy(own)
        book.sites = self._sites
        return ChangedBook(book, self._rates.book(book))


def _of_any_line(site: Site) -> Site:
    of_any = copy(site)
    of_any.lines = frozenset()
    return of_any
