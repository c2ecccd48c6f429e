"""The pack for a management review, as it is asked for: a plant and a month."""

import shlex
from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.edges import month_of
from copq.figures.hints import NO_RATES
from copq.figures.requests import FigureRequest
from copq.periods.period import month_after, month_before, month_name
from copq.rates.book import RateBook, Site
from copq.rates.names import name_list

_SQL = Queries.of(__file__)
MONTHS = 36
"""How many months a pack compares, the reviewed one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRequest(FigureRequest):
    """A plant, which may be left out if there is one alone, and a month such as 2026-06.

    Without a month, the last one that is over in the plant.
    """

    month: str = ""

    async def query(self, conn: Connection, book: RateBook, now: datetime) -> "PackQuery":
        """Raises `ValueError` on an unknown plant or a month that is not possible."""
        await self.check_names(conn, book)
        plant = self.plant or _only_plant(book)
        site = book.sites[plant]
        running = site.calendar.bucket(now).day.replace(day=1)
        month = month_of(self.month) or month_before(running)
        if month > running:
            raise ValueError(f"{month_name(month)} has not begun in {plant}: name an earlier month")
        return PackQuery(plant, site, month, is_over=month < running)


def _only_plant(book: RateBook) -> str:
    if not book.sites:
        raise ValueError(NO_RATES)
    if len(book.sites) == 1:
        return next(iter(book.sites))
    raise ValueError(f"name a plant: {name_list(sorted(book.sites))}")


@dataclass(frozen=True, slots=True)
class PackQuery:
    """The month of a plant, and whether it is over there."""

    plant: str
    site: Site
    month: date
    is_over: bool

    @property
    def end(self) -> date:
        """The first day after the month."""
        return month_after(self.month)

    @property
    def first(self) -> date:
        """The first of the months that are compared."""
        return back(self.month, MONTHS - 1)

    @property
    def quoted(self) -> str:
        """The plant as a shell takes it."""
        return shlex.quote(self.plant)

    async def instant(self, conn: Connection) -> datetime:
        """The instant that the figures are as of: the end of the month, or the newest hour in
        which anything is booked while the month runs.

        It depends on the ledger and not on the clock, so that a pack made again is the same.
        """
        calendar = self.site.calendar
        if self.is_over:
            return calendar.start_of(self.end)
        newest = await conn.fetchval(
            *_SQL.pack_newest_hour(plant=self.plant, first=self.month, last=self.end)
        )
        return newest or calendar.start_of(self.month)


def back(month: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
