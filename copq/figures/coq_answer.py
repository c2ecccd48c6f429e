"""The cost-of-quality report as it is asked for, and its answer: all renderers show the same."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal, localcontext
from itertools import islice
from typing import Any

from asyncpg import Connection

from copq.bases.store import base_names, bases_of_months, whole_plants
from copq.currencies.store import check_reporting
from copq.figures.answers import held_json
from copq.figures.coq_bases import Bases, Budgets
from copq.figures.coq_sums import Cut, CutSums, Place, sums_of, totals_of
from copq.figures.edges import bounds, dimensions, month_of
from copq.figures.missing_exchange_rates import MissingRates, missing_rates_json
from copq.figures.report import (
    ReportQuery,
    accrued_cells,
    booked_cells,
    first_month,
    report_lacks,
    zone_of,
)
from copq.figures.requests import FigureRequest, check_choice
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.improvement.coq_report import (
    COPQ,
    COQ,
    FIGURES,
    CoqReport,
    Percentage,
    Variance,
    against_budget,
    change_percent,
    return_on_quality,
)
from copq.ledger.arithmetic import MONEY, ZERO
from copq.periods.period import month_after, month_before
from copq.rates.book import RateBook
from copq.schemas.bases import OWN_BASES, PRODUCTION_BASE
from copq.schemas.names import canonical
from copq.schemas.priced import Category
from copq.targets.store import history

CUTS = ("plant", "line", "product")
COQ_BASIS = (
    "An estimate at standard rates, for finance to reconcile. COPQ is failure alone; CoQ is "
    "prevention + appraisal + COPQ. Each percentage names its base."
)
_WITH_OPEN_STOPS = (str(Category.INTERNAL_FAILURE), COPQ, COQ)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoqRequest(FigureRequest):
    """Of months [start, end). `base` are names with commas, `baseline` is a month.

    Without a baseline the return on quality is against the month before.
    """

    by: str = "plant"
    start: str = ""
    end: str = ""
    base: str = PRODUCTION_BASE
    baseline: str = ""
    currency: str | None = None

    async def query(self, conn: Connection, book: RateBook, now: datetime) -> "CoqQuery":
        """Raises `ValueError` on a name, month, base or currency that is not possible."""
        await self.check_names(conn, book)
        by = tuple(dict.fromkeys(dimensions(self.by)))
        for name in by:
            check_choice(name, CUTS)
        await check_reporting(conn, self.currency)
        zone = zone_of(book, self.plant)
        first, last = bounds(self.start, self.end, "month", zone, now)
        return CoqQuery(
            ReportQuery(
                self.plant, self.line, self.product, by=tuple(dict.fromkeys(("plant", *by))),
                grain="month", start=first_month(first), end=last, currency=self.currency,
            ),
            by, await self._bases(conn), month_of(self.baseline), zone,
        )  # fmt: skip

    async def _bases(self, conn: Connection) -> tuple[str, ...]:
        known = (*OWN_BASES, *await base_names(conn))
        asked = tuple(dict.fromkeys(canonical(name) for name in dimensions(self.base)))
        for name in asked:
            check_choice(name, known)
        if not asked:
            raise ValueError(f"base names no base: {', '.join(known)}")
        return asked


@dataclass(frozen=True, slots=True)
class CoqQuery:
    """The months and filter, the cuts that are shown, the bases, and the month of the baseline."""

    shown: ReportQuery
    by: tuple[str, ...]
    bases: tuple[str, ...]
    baseline: date | None
    zone: tzinfo

    @property
    def read(self) -> ReportQuery:
        """The months to read: those shown, the one before, and the baseline."""
        assert isinstance(self.shown.start, date)
        start, end = month_before(self.shown.start), self.shown.end
        if self.baseline is not None:
            start = min(start, self.baseline)
            end = None if end is None else max(end, month_after(self.baseline))
        q = self.shown
        return ReportQuery(q.plant, q.line, q.product, by=q.by, grain="month", start=start,
                           end=end, currency=q.currency)  # fmt: skip

    @property
    def is_split(self) -> bool:
        """Whether the cuts are parts of plants."""
        return "line" in self.by or "product" in self.by

    @property
    def by_product(self) -> bool:
        return "product" in self.by or self.shown.product is not None

    @property
    def is_filtered(self) -> bool:
        """Whether all of it is a part of a plant."""
        return self.shown.line is not None or self.shown.product is not None


@dataclass(frozen=True, slots=True)
class CoqRow:
    """One figure of a cut on one base: a category, `copq` or `coq`. Money is exact.

    Money is None where entries have no exchange rate. `previous` is the month before; the return
    on quality stands with `coq` alone.
    """

    cut: Cut
    figure: str
    amount: Decimal | None
    percentage: Percentage
    base_amount: Decimal | None
    units: Decimal
    per_unit: Decimal | None
    variance: Variance | None
    previous: Decimal | None
    baseline: date | None
    return_on_quality: Decimal | None
    provisional: Decimal | None
    unconverted: int
    flags: list[str]

    @property
    def change(self) -> Decimal | None:
        if self.amount is None or self.previous is None:
            return None
        return MONEY.subtract(self.amount, self.previous)

    @property
    def change_percent(self) -> Decimal | None:
        """The change as a percentage of the month before; None from zero or less."""
        if self.amount is None or self.previous is None:
            return None
        return change_percent(self.previous, self.amount)


@dataclass(frozen=True, slots=True)
class CoqAnswer:
    """The first rows, how many there are, and the totals of all months and cuts."""

    query: CoqQuery
    at: datetime
    rows: list[CoqRow]
    rows_total: int
    totals: list[CoqRow]
    lacks: list[MissingRates] | None
    waiting: WaitingCounts

    def as_json(self) -> dict[str, Any]:
        shown = self.query.shown
        return {
            "at": self.at, "from": shown.start, "to": shown.end, "bases": list(self.query.bases),
            "rows": self.table(), "rows_total": self.rows_total,
            "totals": [_row_json(row, ()) for row in self.totals],
            **missing_rates_json(self.lacks), **held_json(self.waiting), "basis": COQ_BASIS,
        }  # fmt: skip

    @property
    def columns(self) -> tuple[str, ...]:
        return (
            "from", *self.query.by, "currency", "figure", "amount", "base", "base_amount",
            "percentage_name", "percentage", "percentage_reason", "units", "per_unit", "budget",
            "variance", "variance_percent", "previous", "change", "change_percent", "baseline",
            "return_on_quality", "provisional", "unconverted", "flags",
        )  # fmt: skip

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`."""
        return [_row_json(row, self.query.by) for row in self.rows]


def _row_json(row: CoqRow, by: tuple[str, ...]) -> dict[str, Any]:
    variance, percentage = row.variance, row.percentage
    return {
        "from": row.cut.period,
        **{name: value or None for name, value in zip(by, row.cut.values, strict=True)},
        "currency": row.cut.currency, "figure": row.figure, "amount": row.amount,
        "base": percentage.base, "base_amount": row.base_amount,
        "percentage_name": percentage.name, "percentage": percentage.value,
        "percentage_reason": percentage.reason, "units": row.units, "per_unit": row.per_unit,
        "budget": variance and variance.budget, "variance": variance and variance.variance,
        "variance_percent": variance and variance.percent, "previous": row.previous,
        "change": row.change, "change_percent": row.change_percent, "baseline": row.baseline,
        "return_on_quality": row.return_on_quality, "provisional": row.provisional,
        "unconverted": row.unconverted, "flags": row.flags,
    }  # fmt: skip


async def answer_coq(
    conn: Connection, book: RateBook, request: CoqRequest, now: datetime, most: int | None
) -> CoqAnswer:
    """At most `most` rows by month, cut, base and figure; None: all of them.

    Raises `ValueError` on a request that is not possible. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book, now)
        cells = [cell async for cell in booked_cells(conn, query.read)]
        cells += await accrued_cells(conn, book, query.read, now)
        known = sums_of(cells, query.by, query.shown.line, query.shown.currency is not None)
        report = await _comparisons(conn, book, query, known, now)
        lacks = await report_lacks(conn, query.shown)
        waiting = await count_waiting(conn, query.shown, now)
    shown = [sums for cut, sums in known.items() if query.shown.takes(cut.period)]
    rows = list(islice((row for sums in shown for row in report.rows(sums)), most))
    known_rows = len(shown) * len(query.bases) * len(FIGURES)
    totals = [row for sums in totals_of(shown) for row in report.rows(sums)]
    return CoqAnswer(query, now, rows, known_rows, totals, lacks, waiting)


async def _comparisons(
    conn: Connection, book: RateBook, query: CoqQuery, known: dict[Cut, CutSums], now: datetime
) -> "_Comparisons":
    shown = query.shown
    assert isinstance(shown.start, date)
    places: set[Place] = set().union(*(sums.places for sums in known.values()))
    whole = await whole_plants(conn, {place.plant for place in places})
    end = shown.end if isinstance(shown.end, date) else None
    months = await bases_of_months(conn, query.bases, shown.start, end)
    _, budgets = await history(conn)
    return _Comparisons(
        query, known, Bases(months, whole, query.is_split, query.is_filtered),
        Budgets(budgets, book, whole, now, query.by_product),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Comparisons:
    """What the figures of a cut are compared with."""

    query: CoqQuery
    known: dict[Cut, CutSums]
    bases: Bases
    budgets: Budgets

    def rows(self, sums: CutSums) -> list[CoqRow]:
        """The figures of a cut, on each base."""
        with localcontext(MONEY):
            report = sums.report
            variances = {v.figure: v for v in against_budget(report, self.budgets.of(sums))}
            flags = {base: self.bases.restated(base, sums) for base in self.query.bases}
            return [
                self._row(figure, base, report, sums, variances[figure], flags[base])
                for base in self.query.bases
                for figure in FIGURES
            ]

    def _row(
        self, figure: str, base: str, report: CoqReport, sums: CutSums, variance: Variance,
        flags: list[str],
    ) -> CoqRow:  # fmt: skip
        is_known = not sums.unconverted
        percentage, base_amount = self.bases.percentage(figure, base, report, sums)
        baseline = self._baseline(sums.cut) if figure == COQ else None
        return CoqRow(
            cut=sums.cut, figure=figure, amount=report.amount(figure) if is_known else None,
            percentage=percentage, base_amount=base_amount, units=sums.units,
            per_unit=report.per_unit(figure, sums.units) if is_known else None,
            variance=variance if is_known else None, previous=self._previous(sums.cut, figure),
            baseline=baseline, return_on_quality=self._return(report, sums, baseline),
            provisional=self._provisional(figure, sums), unconverted=sums.unconverted, flags=flags,
        )  # fmt: skip

    def _provisional(self, figure: str, sums: CutSums) -> Decimal | None:
        if sums.unconverted:
            return None
        return sums.provisional if figure in _WITH_OPEN_STOPS else ZERO

    def _previous(self, cut: Cut, figure: str) -> Decimal | None:
        return self._amount(cut, cut.period and month_before(cut.period), figure)

    def _amount(self, cut: Cut, period: date | None, figure: str) -> Decimal | None:
        """The same cut's figure of another month; None where nothing is booked in it."""
        sums = self.known.get(cut._replace(period=period)) if period else None
        return None if sums is None or sums.unconverted else sums.report.amount(figure)

    def _baseline(self, cut: Cut) -> date | None:
        """The month that the return on quality is against; None where nothing is booked in it."""
        if cut.period is None:
            return None
        month = self.query.baseline or month_before(cut.period)
        return None if self._amount(cut, month, COPQ) is None else month

    def _return(self, report: CoqReport, sums: CutSums, baseline: date | None) -> Decimal | None:
        before = self._amount(sums.cut, baseline, COPQ)
        if before is None or sums.unconverted:
            return None
        return return_on_quality(before, report.amount(COPQ), report.conformance)
