"""The current state of periods, read from Postgres."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.arithmetic import ZERO
from copq.ledger.figures import Scope
from copq.periods.period import Period, State, UnknownPeriod, What
from copq.posting.open_stops import Accrued, accrue
from copq.rates.book import RateBook, Site
from copq.rates.names import unknown_plant

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class PeriodSummary:
    """A period with its COPQ in one currency; None without entries.

    `restated` includes open stops until now, as every report does; `provisional` is their part.
    `first_reported` is None if the month was never closed. `booked` is COPQ of all entries booked
    in the month, `late` the part from other months. `signed` means that a closing has signed the
    figures: nothing is added to the month unless it is reopened.
    """

    period: Period
    currency: str | None
    first_reported: Decimal | None
    restated: Decimal
    booked: Decimal
    late: Decimal
    signed: bool
    provisional: Decimal = ZERO

    @property
    def difference(self) -> Decimal | None:
        return None if self.first_reported is None else self.restated - self.first_reported


_SUMS = ("currency", "first_reported", "restated", "booked", "late", "signed")


@dataclass(frozen=True, slots=True)
class Step:
    """A step; a closing has the number of signed entries and the digest of its figures."""

    step: int
    what: What
    closing: int
    at: datetime
    by: str
    why: str
    unfinished: dict[str, int]
    entries: int | None
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedSum:
    """The sum booked in a month for `of_month`, in one category and currency."""

    of_month: date
    category: str
    currency: str
    entries: int
    net: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSum(BookedSum):
    """A sum that a closing signed off."""

    closing: int


def site_of(book: RateBook, plant: str) -> Site:
    """The plant whose months are asked for. Raises `UnknownPeriod`."""
    if plant not in book.sites:
        raise UnknownPeriod(unknown_plant(plant, book.sites))
    return book.sites[plant]


async def period(conn: Connection, plant: str, month: date) -> Period:
    """The period; open if no step was taken."""
    row = await conn.fetchrow(*_SQL.one_period(plant=plant, month=month))
    return _period(row) if row else Period(plant, month)


async def periods(
    conn: Connection, book: RateBook, now: datetime, plant: str | None = None,
    month: date | None = None,
) -> list[PeriodSummary]:  # fmt: skip
    """The periods with steps, entries or stops that are open at `now`, newest first.

    Reads one snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        rows = await conn.fetch(*_SQL.list_periods(plant=plant, month=month))
        accrued = await accrue(conn, book, Scope(plant), now)
    summaries = [PeriodSummary(_period(row), *(row[name] for name in _SUMS)) for row in rows]
    return _with_open_stops(summaries, accrued, month)


def _with_open_stops(
    summaries: list[PeriodSummary], accrued: Iterable[Accrued], month: date | None
) -> list[PeriodSummary]:
    costs: dict[tuple[str, date, str], Decimal] = defaultdict(Decimal)
    for part in accrued:
        of = part.bucket.day.replace(day=1)
        if month in (None, of):
            costs[part.plant, of, part.segment.stop.currency] += part.cost
    return sorted(_merge_costs(summaries, costs), key=_place)


def _merge_costs(
    summaries: list[PeriodSummary], costs: dict[tuple[str, date, str], Decimal]
) -> Iterator[PeriodSummary]:
    periods = {(one.period.plant, one.period.month): one.period for one in summaries}
    for one in summaries:
        cost = costs.pop((one.period.plant, one.period.month, one.currency or ""), ZERO)
        yield replace(one, restated=one.restated + cost, provisional=cost)
    for (plant, month, currency), cost in costs.items():
        period = periods.get((plant, month), Period(plant, month))
        first = None if period.first_closed_at is None else ZERO
        yield PeriodSummary(period, currency, first, cost, ZERO, ZERO, False, cost)


def _place(one: PeriodSummary) -> tuple[int, str, str]:
    return -one.period.month.toordinal(), one.period.plant, one.currency or ""


def _period(row: Any) -> Period:
    return Period(
        row["plant"], row["month"], State(row["state"]), row["closings"], row["first_closed_at"],
        row["booked_in"],
    )  # fmt: skip


async def steps(conn: Connection, plant: str, month: date) -> list[Step]:
    """All steps of a month, in order."""
    return [
        Step(
            row["step"],
            What(row["what"]),
            row["closing"],
            row["done_at"],
            row["done_by"],
            row["why"],
            json.loads(row["unfinished"]),
            row["entries"],
            row["digest"],
        )
        for row in await conn.fetch(*_SQL.steps(plant=plant, month=month))
    ]


async def signed_sums(conn: Connection, plant: str, month: date) -> list[SignedSum]:
    """The figures of all closings of a month."""
    return [SignedSum(**row) for row in await conn.fetch(*_SQL.figures(plant=plant, month=month))]


async def unsigned_sums(conn: Connection, plant: str, month: date) -> list[BookedSum]:
    """The sums that the next closing of a month will sign; empty if it is closed."""
    return [
        BookedSum(**row) for row in await conn.fetch(*_SQL.booked_so_far(plant=plant, month=month))
    ]
