"""The figures of the cost-of-quality report, and what each is compared with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from copq.figures.coq_bases import Bases, Budgets
from copq.figures.coq_request import CoqQuery
from copq.figures.coq_sums import Cut, CutSums
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
from copq.periods.period import month_before, year_before
from copq.schemas.priced import Category

_WITH_OPEN_STOPS = (str(Category.INTERNAL_FAILURE), COPQ, COQ)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against the same of another month; None where one of them is not known."""

    before: Decimal | None
    after: Decimal | None

    @property
    def amount(self) -> Decimal | None:
        if self.after is None or self.before is None:
            return None
        return MONEY.subtract(self.after, self.before)

    @property
    def percent(self) -> Decimal | None:
        """As a percentage of the other month; None from zero or less."""
        if self.after is None or self.before is None:
            return None
        return change_percent(self.before, self.after)


@dataclass(frozen=True, slots=True)
class CoqRow:
    """One figure of a cut on one base: a category, `copq` or `coq`. Money is exact.

    Money is None where entries have no exchange rate. `previous` is the month before, `year_ago`
    the same month of the year before; the return on quality stands with `coq` alone.
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
    year_ago: Decimal | None
    baseline: date | None
    return_on_quality: Decimal | None
    provisional: Decimal | None
    unconverted: int
    flags: list[str]

    @property
    def change(self) -> Change:
        return Change(self.previous, self.amount)

    @property
    def year_change(self) -> Change:
        return Change(self.year_ago, self.amount)


def coq_columns(by: tuple[str, ...]) -> tuple[str, ...]:
    """Of the report as a table."""
    return (
        "from", *by, "currency", "figure", "amount", "base", "base_amount", "percentage_name",
        "percentage", "percentage_reason", "units", "per_unit", "budget", "variance",
        "variance_percent", "previous", "change", "change_percent", "year_ago", "year_change",
        "year_change_percent", "baseline", "return_on_quality", "provisional", "unconverted",
        "flags", "reported",
    )  # fmt: skip


def coq_row_json(row: CoqRow, by: tuple[str, ...], reported: str) -> dict[str, Any]:
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
        "change": row.change.amount, "change_percent": row.change.percent,
        "year_ago": row.year_ago, "year_change": row.year_change.amount,
        "year_change_percent": row.year_change.percent, "baseline": row.baseline,
        "return_on_quality": row.return_on_quality, "provisional": row.provisional,
        "unconverted": row.unconverted, "flags": row.flags, "reported": reported,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What the figures of a cut are compared with."""

    query: CoqQuery
    known: Mapping[Cut, CutSums]
    bases: Bases
    budgets: Budgets

    def rows(self, sums: CutSums) -> Iterator[CoqRow]:
        """The figures of a cut, on each base."""
        with localcontext(MONEY):
            report = sums.report
            variances = {v.figure: v for v in against_budget(report, self.budgets.of(sums))}
        for base in self.query.bases:
            flags = [*self.bases.restated(base, sums), *sums.flags]
            for figure in FIGURES:
                yield self._row(figure, base, report, sums, variances[figure], flags)

    def _row(
        self, figure: str, base: str, report: CoqReport, sums: CutSums, variance: Variance,
        flags: list[str],
    ) -> CoqRow:  # fmt: skip
        is_known = not sums.unconverted
        percentage, base_amount = self.bases.percentage(figure, base, report, sums)
        period = sums.cut.period
        baseline = self._baseline(sums.cut) if figure == COQ else None
        return CoqRow(
            cut=sums.cut, figure=figure, amount=report.amount(figure) if is_known else None,
            percentage=percentage, base_amount=base_amount, units=sums.units,
            per_unit=report.per_unit(figure, sums.units) if is_known else None,
            variance=variance if is_known else None,
            previous=self._amount(sums.cut, period and month_before(period), figure),
            year_ago=self._amount(sums.cut, period and year_before(period), figure),
            baseline=baseline, return_on_quality=self._return(report, sums, baseline),
            provisional=_provisional(figure, sums), unconverted=sums.unconverted, flags=flags,
        )  # fmt: skip

    def _amount(self, cut: Cut, period: date | None, figure: str) -> Decimal | None:
        """The same cut's figure of another month; None where nothing is booked in it."""
        sums = self.known.get(cut._replace(period=period)) if period else None
        return None if sums is None or sums.unconverted else sums.report.amount(figure)

    def _baseline(self, cut: Cut) -> date | None:
        """The month that the return on quality is against; None where nothing is booked in it."""
        month = cut.period and self.query.baseline_of(cut.period)
        return None if self._amount(cut, month, COPQ) is None else month

    def _return(self, report: CoqReport, sums: CutSums, baseline: date | None) -> Decimal | None:
        before = self._amount(sums.cut, baseline, COPQ)
        if before is None or sums.unconverted:
            return None
        return return_on_quality(before, report.amount(COPQ), report.conformance)


def _provisional(figure: str, sums: CutSums) -> Decimal | None:
    if sums.unconverted:
        return None
    return sums.provisional if figure in _WITH_OPEN_STOPS else ZERO
