"""What a project returns over its months: ROI, payback, present value, internal rate of return.

A flow is money of a month: validated savings are positive, investments negative. Months are
their first days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import pairwise

from copq.ledger.arithmetic import MONEY, ROUNDING, ZERO, quotient

Flows = Mapping[date, Decimal]
MONTHS = 12


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
                amount / growth(yearly_rate, months_between(first, month))
                for month, amount in flows.items()
            ),
            ZERO,
        )
    return quotient(total, Decimal(1))


@lru_cache(maxsize=10_000)
def growth(yearly_rate: Decimal, months: int) -> Decimal:
    """What 1 becomes in some months. Powers are slow, and projects share rates and months."""
    return ROUNDING.power(1 + yearly_rate, ROUNDING.divide(Decimal(months), Decimal(MONTHS)))


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
    """Horner's scheme over each month from the first: powers would take most of the time."""
    from scipy.optimize import brentq  # takes a second to load

    first, last = min(flows), max(flows)
    amounts = [0.0] * (months_between(first, last) + 1)
    for month, amount in flows.items():
        amounts[months_between(first, month)] = float(amount)

    def value(factor: float) -> float:
        """The value at a monthly discount factor; above 1 where money is lost."""
        found = 0.0
        for amount in reversed(amounts):
            found = found * factor + amount
        return found

    highest = 1.0
    while value(0.0) * value(highest) > 0 and highest < _LARGEST_FACTOR:
        highest *= 2
    if value(0.0) * value(highest) > 0:
        return Unknown("the money that comes back is less than any rate can explain")
    factor = float(brentq(value, 0.0, highest, xtol=1e-14, rtol=1e-14))
    return float(factor**-MONTHS - 1)


_LARGEST_FACTOR = 2.0**10
"""A loss of more than 99.9 % a month."""


def months_between(first: date, month: date) -> int:
    """How many months the second one is after the first."""
    return (month.year - first.year) * MONTHS + month.month - first.month
