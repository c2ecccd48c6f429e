"""The question for the largest losses, and its answer."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from asyncpg import Connection

from copq.figures.answers import held_json
from copq.figures.drivers import COLUMNS, Days, Driver, Drivers, LossTotal, driver_json, drivers
from copq.figures.edges import bounds
from copq.figures.missing_exchange_rates import MissingRates, missing_rates, missing_rates_json
from copq.figures.report import zone_of
from copq.figures.requests import GroupedRequest
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.rates.book import RateBook


@dataclass(frozen=True, slots=True, kw_only=True)
class DriversRequest(GroupedRequest):
    """Asks for the production days [start, end); by default for the last 30 days."""

    start: str = ""
    end: str = ""
    currency: str | None = None

    async def days(self, conn: Connection, book: RateBook, now: datetime) -> Days:
        """The days of the request. Raises `ValueError` on an unknown name or an impossible day."""
        await self.check_names(conn, book)
        first, last = bounds(self.start, self.end, "day", UTC, now)
        last = last or max(first, now.date()) + timedelta(days=2)
        site = book.sites.get(self.plant or "")
        calendar = site.calendar if site else None
        return Days(
            first, last, self.plant, self.line, calendar, currency=self.currency,
            group=self.group, grouping=await self.chosen_grouping(conn),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DriversAnswer:
    """The largest losses of each currency as of `at`; `lacks` is None if nothing is converted."""

    start: date
    end: date
    at: datetime
    zone: tzinfo
    found: Drivers
    lacks: list[MissingRates] | None
    waiting: WaitingCounts

    @property
    def rows(self) -> list[Driver]:
        return self.found.drivers

    @property
    def totals(self) -> list[LossTotal]:
        return self.found.totals

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`."""
        return [driver_json(driver) for driver in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at, "from": self.start, "to": self.end,
            "rows": self.table(),
            "totals": [asdict(total) for total in self.totals],
            **missing_rates_json(self.lacks), **held_json(self.waiting),
        }  # fmt: skip


async def answer_drivers(
    conn: Connection, book: RateBook, request: DriversRequest, now: datetime, top: int
) -> DriversAnswer:
    """The `top` largest losses of each currency.

    Raises `ValueError` on an impossible request. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        days = await request.days(conn, book, now)
        scope = days.scope
        lacks = await missing_rates(conn, scope, days.start, days.end)
        largest = await drivers(conn, book, days, now, top)
        zone = zone_of(book, days.plant)
        waiting = await count_waiting(conn, scope, now)
        return DriversAnswer(days.start, days.end, now, zone, largest, lacks, waiting)
