"""The cost-of-quality report: categories, COPQ and CoQ apart, in money, by base and by unit.

CoQ = prevention + appraisal + internal, external and administrative failure (Cp + Ca + Cif + Cef +
Caf). COPQ is the three failures alone. Sums are added before they are divided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from copq.ledger.arithmetic import MONEY, ZERO, quotient
from copq.ledger.kpis import ratio
from copq.schemas.bases import COQ_BASE
from copq.schemas.priced import FAILURES, Category

COPQ, COQ = "copq", "coq"
CONFORMANCE = (Category.PREVENTION, Category.APPRAISAL)
COSTS = (*CONFORMANCE, *FAILURES)
"""The categories of CoQ, in the order of the report."""

FIGURES = (*(str(category) for category in COSTS), COPQ, COQ)
"""What a report has a figure of."""

_PARTS: dict[str, tuple[str, ...]] = {COPQ: FAILURES, COQ: (*CONFORMANCE, COPQ)}
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """Money of one element in a period, of one part of the firm.

    `cut` holds the values of the dimensions that the report is cut by: a plant, a line, a product.
    `element` is an element of the ledger or what finance calls the cost.
    """

    category: Category
    element: str
    amount: Decimal
    currency: str
    period: date | None = None
    cut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """An amount that costs are compared with, such as revenue or cost of production."""

    name: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Percentage:
    """A figure as a percentage of a base, to nine decimals; None without a base, with the reason.

    The base is part of its name: `copq % of revenue`.
    """

    figure: str
    base: str
    value: Decimal | None
    reason: str | None = None

    @property
    def name(self) -> str:
        return f"{self.figure} % of {self.base}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoqReport:
    """The cost of quality of one period and cut in one currency, by category and element."""

    period: date | None
    cut: tuple[str, ...]
    currency: str
    elements: Mapping[tuple[Category, str], Decimal]

    def amount(self, figure: str) -> Decimal:
        """A category's cost, `copq` or `coq`; exact. Raises `ValueError` on another name."""
        categories = _categories(figure)
        with localcontext(MONEY):
            found = (cost for (kind, _), cost in self.elements.items() if kind in categories)
            return sum(found, ZERO)

    @property
    def conformance(self) -> Decimal:
        """What is spent on prevention and appraisal."""
        with localcontext(MONEY):
            return sum((self.amount(category) for category in CONFORMANCE), ZERO)

    def percentage(self, figure: str, base: Base | None = None) -> Percentage:
        """The figure as a percentage of a base; without one, of CoQ."""
        base = base or Base(name=COQ_BASE, amount=self.amount(COQ), currency=self.currency)
        amount = self.amount(figure)
        if reason := self._no_percentage(base):
            return Percentage(figure, base.name, None, reason)
        with localcontext(MONEY):
            return Percentage(figure, base.name, quotient(amount * _HUNDRED, base.amount))

    def per_unit(self, figure: str, units: Decimal) -> Decimal | None:
        """Money for each unit, to nine decimals; None without units."""
        return ratio(self.amount(figure), units)

    def _no_percentage(self, base: Base) -> str | None:
        if base.currency != self.currency:
            return f"{base.name} is in {base.currency}, the cost in {self.currency}"
        return None if base.amount > 0 else f"there is no {base.name} here"


def reports(rows: Iterable[CostRow]) -> list[CoqReport]:
    """A report for each period, cut and currency, in this order; currencies are never added.

    Rows of the category `none`, such as production, are not costs of quality and are left out.
    """
    found: dict[tuple[date, tuple[str, ...], str], list[CostRow]] = {}
    for row in rows:
        if row.category in COSTS:
            found.setdefault((row.period or date.min, row.cut, row.currency), []).append(row)
    return [_report(found[key]) for key in sorted(found)]


def _report(rows: Sequence[CostRow]) -> CoqReport:
    first = rows[0]
    elements: dict[tuple[Category, str], Decimal] = {}
    ordered = sorted(rows, key=lambda row: (COSTS.index(row.category), row.element))
    with localcontext(MONEY):
        for row in ordered:
            kind = (row.category, row.element)
            elements[kind] = elements.get(kind, ZERO) + row.amount
    return CoqReport(period=first.period, cut=first.cut, currency=first.currency, elements=elements)


def _categories(figure: str) -> tuple[Category, ...]:
    if figure == COPQ:
        return FAILURES
    if figure == COQ:
        return COSTS
    if figure not in FIGURES:
        raise ValueError(f'"{figure}" is none of {", ".join(FIGURES)}')
    return (Category(figure),)


@dataclass(frozen=True, slots=True)
class Variance:
    """Budget against actual of a figure. None where there is no budget: it is not zero."""

    figure: str
    budget: Decimal | None
    actual: Decimal

    @property
    def variance(self) -> Decimal | None:
        """Actual less budget: more than zero if more was spent than planned."""
        if self.budget is None:
            return None
        with localcontext(MONEY):
            return self.actual - self.budget

    @property
    def percent(self) -> Decimal | None:
        """The variance as a percentage of the budget, to nine decimals; None without a budget."""
        return None if self.budget is None else change_percent(self.budget, self.actual)


def against_budget(report: CoqReport, budgets: Mapping[str, Decimal]) -> list[Variance]:
    """Budget against actual, per category and for COPQ and CoQ; `budgets` are by figure.

    COPQ and CoQ have their own budget, else the sum of their parts if each has one: part of a sum
    is not a sum. Raises `ValueError` on a budget below zero.
    """
    for figure, budget in budgets.items():
        if budget < 0:
            raise ValueError(f"the budget of {figure} is {budget}: it must be 0 or more")
    return [Variance(name, _budget(name, budgets), report.amount(name)) for name in FIGURES]


def _budget(figure: str, budgets: Mapping[str, Decimal]) -> Decimal | None:
    if figure in budgets:
        return budgets[figure]
    parts = [_budget(part, budgets) for part in _PARTS.get(figure, ())]
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    with localcontext(MONEY):
        return sum(known, ZERO)


def change_percent(before: Decimal, after: Decimal) -> Decimal | None:
    """By how much a figure changed, -6 for 6 % less, to nine decimals; None from zero or less."""
    with localcontext(MONEY):
        return ratio((after - before) * _HUNDRED, before)


def return_on_quality(baseline: Decimal, failure: Decimal, spending: Decimal) -> Decimal | None:
    """The reduction of failure cost for each unit of money spent on prevention and appraisal.

    3.45 is 345 %. `baseline` and `failure` are COPQ of periods of the same length, `spending` is
    that of the second one. To nine decimals; None if nothing was spent.
    """
    with localcontext(MONEY):
        return ratio(baseline - failure, spending)
