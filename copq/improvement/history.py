"""What a programme spent and achieved by month, in the terms of the dynamic model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from copq.ledger.arithmetic import MONEY, ZERO, quotient

LEAST_BASELINE = 3
"""Months before the programme; 12 where there are."""

MONTHS_A_YEAR = 12


class FitRefused(Exception):
    """The history does not determine the parameters. The message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Month:
    """Money of one month: spent on prevention and appraisal, lost to failure (COPQ), and the base
    that the loss is compared with, such as cost of production.
    """

    month: date
    spending: Decimal
    failure: Decimal
    base: Decimal


@dataclass(frozen=True, slots=True)
class Programme:
    """The months before a programme and those since its start, in order, in one currency."""

    baseline: Sequence[Month]
    months: Sequence[Month]
    currency: str

    @property
    def savings(self) -> Decimal:
        """All savings that are possible: the failure cost of a year as in the baseline, in money.

        Raises `FitRefused` if the baseline is too short, or has no failure cost or no base.
        """
        number = len(self.baseline)
        if number < LEAST_BASELINE:
            raise FitRefused(
                f"the ledger has {number} months before the programme, and {LEAST_BASELINE} are "
                "needed to know what was lost without it: name a later start, or import more"
            )
        failure, base = self._baseline_sums()
        if failure <= 0 or base <= 0:
            what = "failure cost" if failure <= 0 else "production, so no base"
            raise FitRefused(f"the months before the programme have no {what}: name a later start")
        return quotient(failure * MONTHS_A_YEAR, Decimal(number))

    def spent(self) -> list[Decimal]:
        """TC(t): the spending of each month as a share of `savings`, to nine decimals."""
        return [quotient(month.spending, self.savings) for month in self.months]

    def saved(self) -> list[Decimal | None]:
        """PS(t): the share of the baseline's loss that the month avoided, to nine decimals.

        1 - (failure / base of the month) / (failure / base of the baseline), so that a busy month
        is comparable with a slow one. None for a month without a base.
        """
        failure, base = self._baseline_sums()
        return [_saved(month, failure, base) for month in self.months]

    def _baseline_sums(self) -> tuple[Decimal, Decimal]:
        with localcontext(MONEY):
            return (
                sum((month.failure for month in self.baseline), ZERO),
                sum((month.base for month in self.baseline), ZERO),
            )


def _saved(month: Month, failure: Decimal, base: Decimal) -> Decimal | None:
    if month.base <= 0:
        return None
    with localcontext(MONEY):
        return 1 - quotient(month.failure * base, month.base * failure)
