"""A rate book that always answers: if no version is in force, the nearest one in time."""

from copy import copy
from datetime import date, datetime
from typing import Any

from copq.rates.book import E, History, RateBook, Versioned
from copq.schemas.rates import CostTable, LabourRate, LineRate


class NearestBook(RateBook):
    """For estimates alone. Its only cost table is the one passed to `take`.

    A line that its plant does not know counts as one of it, and there are no daily entries.
    `used` are the versions that it has answered with.
    """

    has_daily_recovery = False

    def __init__(self, book: RateBook) -> None:
        super().__init__(book.revision)
        self.sites = {name: copy(site) for name, site in book.sites.items()}
        for site in self.sites.values():
            site.lines = frozenset()
        self._book = book
        self._table: Versioned[CostTable] | None = None
        self.used: list[Versioned[Any]] = []

    def take(self, table: Versioned[CostTable] | None) -> None:
        """Use this cost table from now on, and reset `used`."""
        self._table = table
        self.used.clear()

    def cost_table(self, plant: str, product: str, at: datetime) -> Versioned[CostTable] | None:
        return self._answer(self._table)

    def day_table(self, plant: str, product: str, day: date) -> Versioned[CostTable] | None:
        return None

    def line_rate(self, plant: str, line: str, at: datetime) -> Versioned[LineRate] | None:
        return self._answer(_nearest(self._book.line_rates_of(plant, line), at))

    def labour_rate(self, plant: str, grade: str, at: datetime) -> Versioned[LabourRate] | None:
        return self._answer(_nearest(self._book.labour_rates_of(plant, grade), at))

    def _answer(self, found: Versioned[E] | None) -> Versioned[E] | None:
        if found is not None:
            self.used.append(found)
        return found


def _nearest(history: History[E] | None, at: datetime) -> Versioned[E] | None:
    return None if history is None else history.nearest(at)[0]
