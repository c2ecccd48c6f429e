"""What a project is about: its scope, its baseline, its promise. What approval freezes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

SCOPE_FIELDS = (
    "line", "product", "stage", "element", "category", "defect_code", "work_unit", "shift",
    "supplier",
)  # fmt: skip
"""What a scope may filter by. A product group is written as the products that it had when the plan
was frozen."""

_MEAN_MONTH_DAYS = Fraction(146_097, 4_800)
"""Of the Gregorian calendar: 400 years have 146,097 days."""


class Exposure(StrEnum):
    """What losses are compared with."""

    UNITS = "units"
    """Units that left the line."""

    PRODUCTION_HOURS = "production_hours"
    COST_OF_PRODUCTION = "cost_of_production"


class BenefitType(StrEnum):
    HARD = "hard"
    """It changes the budget."""

    AVOIDANCE = "avoidance"
    WORKING_CAPITAL = "working_capital"
    SOFT = "soft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """A line of the promise, in the plan's currency: `amount` of its first month alone, or of each
    month from the first to the last (None: for the 12 months from the first)."""

    type: BenefitType
    amount: Decimal
    first_month: date
    recurring: bool = True
    last_month: date | None = None

    @property
    def last_of_all(self) -> date:
        """The last month that has the amount."""
        if not self.recurring:
            return self.first_month
        return self.last_month or add_months(self.first_month, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan of a project in one plant.

    `scope` has the names that an entry may have, by the fields of `SCOPE_FIELDS`; a field without
    names, and a scope without fields, filters nothing. `baseline_last` is in the baseline; `starts`
    is the first production day with the measures in place. `group` and `grouping` name the product
    group that a scope was written with.
    """

    plant: str
    scope: Mapping[str, frozenset[str]]
    baseline_first: date
    baseline_last: date
    starts: date
    currency: str
    exposure: Exposure = Exposure.UNITS
    benefits: tuple[Benefit, ...] = ()
    yearly_rate: Decimal = Decimal("0.08")
    """At which money of later months is discounted."""

    group: str = ""
    grouping: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def baseline_months(self) -> Fraction:
        """The length of the baseline in months of the mean length, 30.44 days.

        A whole number of calendar months counts as that number.
        """
        if months := _whole_months(self.baseline_first, self.baseline_last):
            return Fraction(months)
        return Fraction((self.baseline_last - self.baseline_first).days + 1) / _MEAN_MONTH_DAYS


def _whole_months(first: date, last: date) -> int:
    after = date.fromordinal(last.toordinal() + 1)
    if first.day != 1 or after.day != 1:
        return 0
    return (after.year - first.year) * 12 + after.month - first.month


def promised(benefits: tuple[Benefit, ...]) -> dict[tuple[date, BenefitType], Decimal]:
    """The promise of each month by type."""
    found: dict[tuple[date, BenefitType], Decimal] = {}
    for benefit in benefits:
        for month in _months(benefit):
            key = month, benefit.type
            found[key] = found.get(key, Decimal(0)) + benefit.amount
    return found


def _months(benefit: Benefit) -> Iterator[date]:
    month, last = benefit.first_month, benefit.last_of_all
    while month <= last:
        yield month
        month = add_months(month, 1)


def share_of_month(month: date, first: date, last: date) -> Fraction:
    """The share of a month's calendar days that lie from the first to the last day."""
    end = add_months(month, 1)
    inside = min(end, last + timedelta(days=1)) - max(month, first)
    return Fraction(max(inside.days, 0), (end - month).days)


def add_months(month: date, number: int) -> date:
    """The first day of the month that is `number` months later."""
    years, index = divmod(month.month - 1 + number, 12)
    return date(month.year + years, index + 1, 1)
