"""Conformance against failure by month, as it is asked for, and its answer."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, tzinfo
from decimal import localcontext
from typing import Any

from asyncpg import Connection

from copq.currencies.store import check_reporting
from copq.figures.answers import held_json
from copq.figures.edges import bounds
from copq.figures.missing_exchange_rates import MissingRates, missing_rates_json
from copq.figures.report import ReportQuery, first_month, report, report_lacks, zone_of
from copq.figures.requests import GroupedRequest
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.improvement.conformance import (
    CONFIDENCE,
    NoOptimum,
    Optimum,
    Point,
    lowest,
    optimum,
)
from copq.ledger.arithmetic import MONEY, quotient
from copq.ledger.figures import ReportRow
from copq.periods.period import month_name, year_before
from copq.rates.book import RateBook

_YEARS = 3
"""How far back the months go unless the question names the first one."""

NO_UNITS = "nothing was produced"
NO_GOOD = "only some events report good units, so the level of conformance is unknown"
NO_RATE = "entries have no exchange rate"
COLUMNS = (
    "from", "currency", "level", "units", "good", "conformance", "failure", "total",
    "conformance_per_unit", "failure_per_unit", "total_per_unit", "is_lowest", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceRequest(GroupedRequest):
    """Of months [start, end); without a start the last three years."""

    start: str = ""
    end: str = ""
    currency: str | None = None

    async def query(self, conn: Connection, book: RateBook, now: datetime) -> ReportQuery:
        """Raises `ValueError` on a name, month or currency that is not possible."""
        await self.check_names(conn, book)
        await check_reporting(conn, self.currency)
        first, last = bounds(self.start, self.end, "month", zone_of(book, self.plant), now)
        start: date = first_month(first)
        for _ in range(0 if self.start else _YEARS - 1):
            start = year_before(start)
        return ReportQuery(self.plant, self.line, self.product, by=(), grain="month", start=start,
                           end=last, currency=self.currency, group=self.group,
                           grouping=await self.chosen_grouping(conn))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConformanceRow:
    """A month of one currency. `point` is None where the month is left out, for the `reason`.

    Its money is for each unit, so that a busy month compares with a slow one.
    """

    month: date
    figures: ReportRow
    point: Point | None
    reason: str | None
    is_lowest: bool

    def as_json(self) -> dict[str, Any]:
        row, point = self.figures, self.point
        known = not row.unconverted
        return {
            "from": self.month, "currency": row.currency, "level": point and point.level,
            "units": row.units, "good": row.good,
            "conformance": MONEY.subtract(row.coq, row.copq) if known else None,
            "failure": row.copq if known else None, "total": row.coq if known else None,
            "conformance_per_unit": point and point.conformance,
            "failure_per_unit": point and point.failure, "total_per_unit": point and point.total,
            "is_lowest": self.is_lowest, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConformanceAnswer:
    """The months of each currency, and where the total is lowest, or why that is not known."""

    query: ReportQuery
    at: datetime
    zone: tzinfo
    rows: list[ConformanceRow]
    optima: dict[str, Optimum | NoOptimum]
    lacks: list[MissingRates] | None
    waiting: WaitingCounts

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`."""
        return [row.as_json() for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at, "from": self.query.start, "to": self.query.end, "rows": self.table(),
            "optima": [_optimum_json(*found) for found in self.optima.items()],
            **missing_rates_json(self.lacks), **held_json(self.waiting),
        }  # fmt: skip


def _optimum_json(currency: str, found: Optimum | NoOptimum) -> dict[str, Any]:
    names = ("level", "low", "high", "total")
    nothing = dict.fromkeys(names)
    known = asdict(found) if isinstance(found, Optimum) else nothing
    reason = found.reason if isinstance(found, NoOptimum) else None
    return {"currency": currency, **known, "confidence": CONFIDENCE, "reason": reason}


async def answer_conformance(
    conn: Connection, book: RateBook, request: ConformanceRequest, now: datetime
) -> ConformanceAnswer:
    """Raises `ValueError` on a request that is not possible. One snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book, now)
        months = await report(conn, book, query, now)
        lacks = await report_lacks(conn, query)
        waiting = await count_waiting(conn, query, now)
    rows = _rows(months)
    points: dict[str, list[Point]] = {row.figures.currency: [] for row in rows}
    for row in rows:
        points[row.figures.currency] += [row.point] if row.point else []
    # The fit loads numpy and scipy, which takes a second.
    optima = {name: await asyncio.to_thread(optimum, of) for name, of in points.items()}
    zone = zone_of(book, query.plant)
    return ConformanceAnswer(query, now, zone, rows, optima, lacks, waiting)


def _rows(months: Iterable[ReportRow]) -> list[ConformanceRow]:
    found = [(row, *_point(row)) for row in sorted(months, key=_key)]
    best = {
        currency: lowest([p for row, p, _ in found if p and row.currency == currency])
        for currency in {row.currency for row, *_ in found}
    }
    return [
        ConformanceRow(_month(row), row, p, reason, p is not None and p is best[row.currency])
        for row, p, reason in found
    ]


def _key(row: ReportRow) -> tuple[date, str]:
    return _month(row), row.currency


def _month(row: ReportRow) -> date:
    assert isinstance(row.bucket, date), "a report by month"
    return row.bucket


def _point(row: ReportRow) -> tuple[Point | None, str | None]:
    """The month's point, or the reason why it has none."""
    if row.unconverted:
        return None, NO_RATE
    if row.units <= 0:
        return None, NO_UNITS
    if row.good is None:
        return None, NO_GOOD
    with localcontext(MONEY):
        level = quotient(row.good, row.units)
        if not 0 <= level <= 1:
            return None, f"{row.good:f} good of {row.units:f} units is not a level of conformance"
        prevented = quotient(row.coq - row.copq, row.units)
        return Point(_month(row), level, prevented, quotient(row.copq, row.units)), None


def optimum_text(currency: str, found: Optimum | NoOptimum) -> str:
    """In one sentence."""
    if isinstance(found, NoOptimum):
        return f"No optimum in {currency}: {found.reason}."
    level, low, high = (f"{value * 100:.2f}" for value in (found.level, found.low, found.high))
    return (
        f"The total is lowest at a level of {level} %, with {CONFIDENCE * 100:.0f} % confidence "
        f"between {low} and {high} %: {found.total:.4f} {currency} a unit."
    )


def left_out(rows: Iterable[ConformanceRow]) -> list[str]:
    """The months without a point, by reason."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.reason:
            reasons.setdefault(row.reason, []).append(month_name(row.month))
    return [f"Left out {', '.join(months)}: {reason}." for reason, months in reasons.items()]
