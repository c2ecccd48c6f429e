"""The dynamic model of quality costs: what a programme spends, achieves and saves by period.

Rosiawan, Singgih and Widodo, "Model of quality costs and economic benefits of a business process
of manufacturing companies", Cogent Engineering 6:1678228, 2019, after Kim and Nakhai, 2008.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext

from copq.ledger.arithmetic import ROUNDING, ZERO, quotient

ONE = Decimal(1)
PLACES = 12
"""Decimal places that a parameter may have."""

MOST_INDICATORS = 12
MOST_PERIODS = 240
LARGEST_M = 1_000_000
_SHARES = ("tc1", "alpha", "beta", "c")


class PlanRefused(ValueError):
    """An input outside the model's domain. The message says which, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The five parameters of the model, all without a unit.

    `tc1` is the spending of the first period and `alpha` the factor by which it changes from one
    period to the next. `beta` is the target level of the performance of an indicator; `m` how far
    performance is from that level at first, and `c` how quickly performance becomes savings.
    Spending is a share of the savings that are possible. Raises `PlanRefused`.
    """

    tc1: Decimal
    alpha: Decimal
    beta: Decimal
    m: Decimal
    c: Decimal

    def __post_init__(self) -> None:
        for name in _SHARES:
            check_share(name, getattr(self, name))
        _check_number("m", self.m)
        if not 0 < self.m <= LARGEST_M:
            raise PlanRefused(
                f"m is {self.m:f}: it must be more than 0 and at most {LARGEST_M:,}, as 0.01"
            )


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a plan, its shares to nine decimals; 1 is all savings that are possible.

    `tqc` is the spending so far, `pi` the performance of the process, `ps` the savings, and `eb`
    the economic benefit, exactly `ps` - `tqc`.
    """

    t: int
    tqc: Decimal
    pi: Decimal
    ps: Decimal

    @property
    def eb(self) -> Decimal:
        return self.ps - self.tqc


@dataclass(frozen=True, slots=True)
class Plan:
    """The periods of a plan with a number of indicators."""

    indicators: int
    periods: tuple[Period, ...]

    @property
    def break_even(self) -> int | None:
        """The first period with EB > 0; None if there is none among the periods."""
        return next((period.t for period in self.periods if period.eb > 0), None)

    @property
    def best(self) -> Period:
        """The first period with the largest benefit. More spending after it costs more than it
        saves."""
        return max(self.periods, key=lambda period: period.eb)


def plan(parameters: Parameters, indicators: int, periods: int) -> Plan:
    """The plan for a number of indicators over a number of periods. Raises `PlanRefused`."""
    check_whole("indicators", indicators, MOST_INDICATORS)
    check_whole("periods", periods, MOST_PERIODS)
    with localcontext(ROUNDING):
        exponent = ONE / parameters.beta**indicators
        rate = ONE / (parameters.c * level_sum(parameters.beta, indicators))
        found = tuple(
            _period(t, spent, performance(spent, parameters.m, exponent), rate)
            for t, spent in enumerate(spending(parameters, periods), 1)
        )
    return Plan(indicators, found)


def spending(parameters: Parameters, periods: int) -> Iterator[Decimal]:
    """TQC(t), the sum of TC(t) = TC(1) alpha^(t-1), period by period."""
    total, now = ZERO, parameters.tc1
    for _ in range(periods):
        total += now
        yield total
        now *= parameters.alpha


def performance(spent: Decimal, m: Decimal, exponent: Decimal) -> Decimal:
    """PI = x^e / (m + x^e) with x = TQC(t) and e = 1 / beta^n."""
    with localcontext() as context:
        context.clear_traps()
        power = spent**exponent
        return ONE if power.is_infinite() else power / (m + power)


def level_sum(beta: Decimal, indicators: int) -> Decimal:
    """The sum of beta^(i-1) over the indicators."""
    return sum((beta**i for i in range(indicators)), ZERO)


def _period(t: int, spent: Decimal, performed: Decimal, rate: Decimal) -> Period:
    """PS(t) = PI(t)^(1 / (c sum of beta^(i-1)))."""
    return Period(t, quotient(spent, ONE), quotient(performed, ONE), quotient(performed**rate, ONE))


def check_share(name: str, value: Decimal) -> None:
    """Raises `PlanRefused` unless the value is more than 0 and at most 1."""
    _check_number(name, value)
    if not 0 < value <= 1:
        raise PlanRefused(f"{name} is {value:f}: it must be more than 0 and at most 1, as 0.95")


def check_whole(name: str, value: int, most: int) -> None:
    """Raises `PlanRefused` unless the value is from 1 to `most`."""
    if not 1 <= value <= most:
        raise PlanRefused(f"{name} is {value}: it must be a whole number from 1 to {most}")


def _check_number(name: str, value: Decimal) -> None:
    if not value.is_finite():
        raise PlanRefused(f"{name} is {value}: it must be a number, as 0.05")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and (-exponent > PLACES or value.adjusted() > PLACES):
        raise PlanRefused(
            f"{name} has too many digits: write it with at most {PLACES} decimal places, as 0.05"
        )
