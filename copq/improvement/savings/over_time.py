"""What a project returns over its months: ROI, payback, present value, internal rate of return.

A flow is money of a month: validated savings are positive, investments negative. Months are
their first days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise

from scipy.optimize import brentq

from copq.ledger.arithmetic import MONEY, ROUNDING, ZERO, quotient

Flows = Mapping[date, Decimal]
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Unknown:
    """A figure that the flows do not determine, with the reason."""

    reason: str


def roi(validated: Decimal, invested: Decimal) -> Decimal | Unknown:
    """Return on investment = (validated - invested) / invested, to nine decimals."""
    if invested <= 0:
        return Unknown("nothing was invested")
    return quotient(validated - invested, invested)


def payback(validated: Flows, invested: Flows) -> date | Unknown:
    """The first month in which all savings so far exceed all investments so far.

    `invested` is positive money.
    """
    if not any(invested.values()):
        return Unknown("nothing was invested")
    balance = ZERO
    with localcontext(MONEY):
        for month in sorted({*validated, *invested}):
            balance += validated.get(month, ZERO) - invested.get(month, ZERO)
            if balance > 0:
                return month
    return Unknown("savings do not exceed the investment yet")


def present_value(flows: Flows, yearly_rate: Decimal) -> Decimal:
    """Net present value at the first month, to nine decimals.

    A flow is discounted by (1 + rate) ^ (months after the first / 12). Raises `ValueError` unless
    the rate is above -1, which is -100 %.
    """
    if yearly_rate <= -1:
        raise ValueError(f"the rate is {yearly_rate}: it must be above -1")
    if not flows:
        return ZERO
    first = min(flows)
    with localcontext(ROUNDING):
        total = sum(
            (
                amount / (1 + yearly_rate) ** (Decimal(_months_between(first, month)) / _MONTHS)
                for month, amount in flows.items()
            ),
            ZERO,
        )
    return quotient(total, Decimal(1))


def internal_rate(flows: Flows) -> float | Unknown:
    """The yearly rate at which the present value is zero.

    It is unknown unless the flows, in order, change their sign exactly once: without a change no
    rate solves it, and with several more than one may.
    """
    paid = {month: amount for month, amount in sorted(flows.items()) if amount}
    changes = sum((one > 0) != (after > 0) for one, after in pairwise(paid.values()))
    if changes == 0:
        return Unknown("there are savings alone or investments alone")
    if changes > 1:
        return Unknown(
            f"money changes its direction {changes} times, so several rates may solve it"
        )
    return _solved(paid)


def _solved(flows: Flows) -> float | Unknown:
    first = min(flows)
    months = [(_months_between(first, month), float(amount)) for month, amount in flows.items()]

    def value(growth: float) -> float:
        """The value at a monthly discount factor; above 1 where money is lost."""
        return sum(amount * growth**after for after, amount in months)

    highest = 1.0
    while value(0.0) * value(highest) > 0 and highest < _LARGEST_FACTOR:
        highest *= 2
    if value(0.0) * value(highest) > 0:
        return Unknown("the money that comes back is less than any rate can explain")
    factor = float(brentq(value, 0.0, highest, xtol=1e-14, rtol=1e-14))
    return float(factor**-_MONTHS - 1)


_LARGEST_FACTOR = 2.0**10
"""A loss of more than 99.9 % a month."""


def _months_between(first: date, month: date) -> int:
    return (month.year - first.year) * _MONTHS + month.month - first.month


@dataclass(frozen=True, slots=True, kw_only=True)
class YearEffect:
    """A recurring benefit in the year in which it starts. The three are never added."""

    in_year: Decimal
    carry_over: Decimal
    """What the next year has more than this one."""

    run_rate: Decimal
    """Of a whole year."""


def year_effect(per_year: Decimal, starts: date, year_begins: date) -> YearEffect:
    """The effect of a benefit that starts with a month, in the business year from `year_begins`.

    Raises `ValueError` if it does not start in that year.
    """
    after = _months_between(year_begins, starts)
    if not 0 <= after < _MONTHS:
        raise ValueError(f"{starts:%Y-%m} is not in the year from {year_begins:%Y-%m}")
    in_year = quotient(per_year * (_MONTHS - after), Decimal(_MONTHS))
    return YearEffect(in_year=in_year, carry_over=per_year - in_year, run_rate=per_year)
