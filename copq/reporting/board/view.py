"""The view of the board: a plant or one of its lines, live or on a past day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.arithmetic import MONEY, ZERO, hours_of, quotient
from copq.ledger.calendar import Calendar
from copq.ledger.figures import ReportRow, Scope
from copq.ledger.kpis import good_units
from copq.periods.period import month_after, month_before
from copq.rates.book import RateBook
from copq.reporting.board.targets import Aims, Window

_SQL = Queries.of(__file__)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class View:
    """The plant, line and production day that are shown. `now` is the end of a past day.

    With a `group` all figures are of its products alone.
    """

    plant: str
    line: str | None
    day: date
    now: datetime
    live: bool
    calendar: Calendar
    currency: str
    group: str | None = None
    grouping: str | None = None

    def groups(self) -> dict[str, Any]:
        """The group and its grouping by name, as a question has them."""
        return {"group": self.group, "grouping": self.grouping}

    def scope(self, by: tuple[str, ...] = (), named: frozenset[str] | None = None) -> Scope:
        return Scope(self.plant, self.line, by=by, named=named, **self.groups())

    @property
    def day_start(self) -> datetime:
        return self.calendar.start_of(self.day)

    @property
    def day_end(self) -> datetime:
        return self.calendar.end_of(self.day)

    @property
    def elapsed(self) -> timedelta:
        """The elapsed time of the day."""
        return self.now - self.day_start

    @property
    def day_before(self) -> date:
        return self.day - ONE_DAY

    @property
    def month(self) -> date:
        return self.day.replace(day=1)

    @property
    def month_before(self) -> date:
        return month_before(self.month)


def view_of(
    book: RateBook, plant: str, line: str | None, day: date | None, now: datetime,
    group: str | None = None, grouping: str | None = None,
) -> View:  # fmt: skip
    """The view: live unless a past day is named. Raises `ValueError` on a future day."""
    site = book.sites[plant]
    today = site.calendar.bucket(now).day
    if day is not None and day > today:
        raise ValueError(f"the production day {day} has not begun; today is {today}")
    shown = day or today
    live = shown == today
    until = now if live else site.calendar.end_of(shown)
    currency = site.currency_at(until)
    return View(plant, line, shown, until, live, site.calendar, currency, group, grouping)


async def latest_days(conn: Connection, plant: str | None = None) -> dict[str, date]:
    """The first day of the newest month with figures, by plant."""
    return {row["plant"]: row["day"] for row in await conn.fetch(*_SQL.latest_day(plant=plant))}


async def latest_day(conn: Connection, plant: str) -> date | None:
    """The newest production day with figures."""
    month = (await latest_days(conn, plant)).get(plant)
    if month is None:
        return None
    found: date | None = await conn.fetchval(*_SQL.latest_day_of_month(plant=plant, month=month))
    return found


SUMMED = (
    "copq", "base", "units", "graded_good", "ungraded", "rejected", "seconds", "provisional",
)  # fmt: skip


@dataclass(slots=True)
class Sum:
    """A sum of figures in one currency; `known` if it has at least one row."""

    copq: Decimal = ZERO
    base: Decimal = ZERO
    units: Decimal = ZERO
    graded_good: Decimal = ZERO
    ungraded: Decimal = ZERO
    rejected: Decimal = ZERO
    seconds: Decimal = ZERO
    provisional: Decimal = ZERO
    known: bool = False

    def add(self, row: ReportRow) -> None:
        self.known = True
        with localcontext(MONEY):
            for name in SUMMED:
                setattr(self, name, getattr(self, name) + getattr(row, name))

    @property
    def share(self) -> Decimal | None:
        """Sum over sum; None without a base."""
        return quotient(self.copq, self.base) if self.base > 0 else None

    @property
    def hours(self) -> Decimal:
        return hours_of(self.seconds)

    def as_json(self) -> dict[str, Any]:
        figures = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            **figures, "hours": self.hours, "share": self.share, "good": self.good,
            "copq_per_good": self._per_good(self.copq), "cost_per_good": self._per_good(self.base),
        }  # fmt: skip

    @property
    def good(self) -> Decimal | None:
        """Good units by `good_units`."""
        return good_units(self.units, self.graded_good, self.ungraded, self.rejected)

    def _per_good(self, amount: Decimal) -> Decimal | None:
        return quotient(amount, self.good) if self.good else None


def sum_of(rows: list[ReportRow]) -> Sum:
    total = Sum()
    for row in rows:
        total.add(row)
    return total


def comparison(
    now: Sum, before: Sum, aims: Aims, line: str | None, window: Window
) -> dict[str, Any]:
    """A figure with its target and the figure that it is compared with."""
    share = aims.share(line, window)
    return {
        **now.as_json(),
        "target_share": share,
        "target": target_of(now, share),
        "over": is_over(now, share),
        "before": before.as_json(),
    }


def target_of(now: Sum, share: Decimal | None) -> Decimal | None:
    """The target in money; None without a target or without a base."""
    return None if share is None or now.base <= 0 else MONEY.multiply(share, now.base)


def budget_of(view: View, month: Sum, amount: Decimal | None) -> dict[str, Any] | None:
    """The month's budget, the used share of it, and the elapsed share of the month."""
    if amount is None:
        return None
    start = view.calendar.start_of(view.month)
    end = view.calendar.start_of(month_after(view.month))
    gone = Decimal((view.now - start) / (end - start)).quantize(Decimal("0.0001"))
    used = quotient(month.copq, amount) if amount > 0 else None
    return {"amount": amount, "used": used, "gone": gone, "over": month.copq > amount}


def is_over(now: Sum, share: Decimal | None) -> bool:
    """Whether the share is over its target. Never true without a base."""
    return share is not None and now.share is not None and now.share > share
