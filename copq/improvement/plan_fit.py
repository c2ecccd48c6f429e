"""The dynamic model fitted to the months of a programme, or the reason why it cannot be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from copq.improvement.dynamic_model import MOST_INDICATORS, Parameters, check_whole
from copq.improvement.history import FitRefused, Programme
from copq.improvement.profile import Curve, Estimate, estimate

NAMES = tuple(Parameters.__dataclass_fields__)
LEAST_MONTHS = 12
WIDEST_SHARE = 0.5
"""Of an interval of alpha or beta: wider says nothing about a number between 0 and 1."""

WIDEST_FACTOR = 100.0
"""Between the ends of an interval of m or c."""

_STEEPEST = 1.5
"""Spending that rises is fitted too, so that its reason can be given."""

_BETA = (0.05, 1.0)
_LOG_M = (math.log(1e-9), math.log(1e6))
_LOG_C = (math.log(1e-6), 0.0)
_STARTS = tuple(
    (beta, math.log(m), math.log(c))
    for beta, m, c in product((0.6, 0.95), (0.001, 0.01, 0.1), (0.02, 0.2))
)
_DIGITS = Decimal("1E-9")


@dataclass(frozen=True, slots=True)
class PlanFit:
    """Parameters by the months of a programme, to nine decimals.

    `intervals` has the ends at 95 % confidence of each parameter; they assume that months deviate
    from the model independently. `explained` is the share of the variance of savings that the model
    explains. `savings` is what 1 means, in money of `currency`.
    """

    parameters: Parameters
    intervals: Mapping[str, tuple[Decimal, Decimal]]
    indicators: int
    months: int
    explained: Decimal
    savings: Decimal
    currency: str


def fit(
    programme: Programme, indicators: int, held: Mapping[str, Decimal] | None = None
) -> PlanFit:
    """The parameters that fit the months best, for the number of indicators that the programme had.

    tc1 and alpha are fitted to the spending, then beta, m and c to the savings over the spending so
    far. Parameters that are `held` are taken as given. Raises `FitRefused` where the months are too
    few or do not determine a parameter, and `PlanRefused` on the number of indicators.
    """
    check_whole("indicators", indicators, MOST_INDICATORS)
    given = {name: float(value) for name, value in (held or {}).items()}
    savings = programme.savings
    spent, saved = _usable(programme)
    trend = _spending(spent, given)
    curve = _saving(spent, saved, indicators, given)
    _, log_m, log_c = curve.values
    values = (*trend.values, curve.values[0], math.exp(log_m), math.exp(log_c))
    ends = (*trend.intervals, curve.intervals[0], *map(_exp, curve.intervals[1:]))
    best = {name: _decimal(value) for name, value in zip(NAMES, values, strict=True)}
    intervals = {
        n: (_decimal(low), _decimal(high)) for n, (low, high) in zip(NAMES, ends, strict=True)
    }
    return PlanFit(
        Parameters(**{**best, **(held or {})}),
        {name: found for name, found in intervals.items() if name not in given},
        indicators, len(saved), _explained(saved, curve), savings, programme.currency,
    )  # fmt: skip


def _usable(programme: Programme) -> tuple[list[float], list[tuple[int, float]]]:
    """What was spent in each month, and the savings of each month that has a base."""
    spent = [float(share) for share in programme.spent()]
    saved = [(t, float(ps)) for t, ps in enumerate(programme.saved()) if ps is not None]
    if len(saved) < LEAST_MONTHS:
        raise FitRefused(
            f"the programme has {len(saved)} whole months with production, and {LEAST_MONTHS} are "
            "needed: plan with parameters of your own until then"
        )
    if min(spent) < 0 or not any(spent):
        raise FitRefused(
            "nothing was spent on prevention and appraisal in these months: record it with "
            "prevention and inspection events"
        )
    levels = [ps for _, ps in saved]
    if max(levels) - min(levels) < 1e-9:
        raise FitRefused("the failure cost did not vary in these months: there is no saving to fit")
    if sum(levels) <= 0:
        raise FitRefused(
            "the failure cost did not fall below that of the months before the programme: there is "
            "no saving to fit"
        )
    return spent, saved


def _spending(spent: list[float], given: Mapping[str, float]) -> Estimate:
    """tc1 and alpha. Raises `FitRefused` where they are not determined."""
    import numpy

    t, money = numpy.arange(len(spent)), numpy.asarray(spent)

    def trend(held: Mapping[int, float]) -> Estimate:
        starts = [(max(spent) / 2, alpha) for alpha in (0.7, 0.95, 1.0)]
        highest = (2 * max(spent), _STEEPEST)
        return estimate(
            Curve(lambda p: p[0] * p[1] ** t - money, (0.0, 0.05), highest, starts, held)
        )

    found = trend(_held(given, "tc1", "alpha"))
    _check_spending(found, given)
    first, (low, high) = found.intervals
    best = found if found.values[1] <= 1 else trend({**_held(given, "tc1"), 1: 1.0})
    return Estimate(best.values, (first, (low, min(high, 1.0))), best.squares)


def _check_spending(found: Estimate, given: Mapping[str, float]) -> None:
    low, high = found.intervals[1]
    if low > 1:
        raise FitRefused(
            f"the spending rises by {found.values[1] - 1:.1%} a month, and in the model it stays "
            "or falls: name a later start, or plan without the history"
        )
    if high - low > WIDEST_SHARE:
        raise FitRefused(_undetermined("alpha", low, high, "spending"))
    if found.values[0] > 1 and "tc1" not in given:
        raise FitRefused(
            "the first month cost more than a year of failure before the programme: the model "
            "knows programmes that cost less"
        )


def _saving(
    spent: list[float], saved: list[tuple[int, float]], indicators: int, given: Mapping[str, float]
) -> Estimate:
    """beta, log m and log c. Raises `FitRefused` where they are not determined."""
    import numpy

    so_far = numpy.cumsum(spent)[[t for t, _ in saved]]
    levels = numpy.asarray([ps for _, ps in saved])
    low, high = zip(_BETA, _LOG_M, _LOG_C, strict=True)
    held = {n: math.log(v) if n else v for n, v in _held(given, "beta", "m", "c").items()}
    found = estimate(
        Curve(lambda p: _savings(so_far, indicators, *p) - levels, low, high, _STARTS, held)
    )
    if found.squares >= float(((levels - levels.mean()) ** 2).sum()):
        raise FitRefused(
            "the savings do not follow the spending: their mean explains them better than the model"
        )
    _check_determined(found, given)
    return found


def _held(given: Mapping[str, float], *names: str) -> dict[int, float]:
    return {n: given[name] for n, name in enumerate(names) if name in given}


def _savings(so_far: Any, indicators: int, beta: float, log_m: float, log_c: float) -> Any:
    """PS by the formulas of `dynamic_model`, of floats: PI = 1 / (1 + m x^-e)."""
    import numpy

    levels = sum(beta**i for i in range(indicators))
    with numpy.errstate(over="ignore", divide="ignore"):
        odds = log_m - beta**-indicators * numpy.log(so_far)
        return numpy.exp(-numpy.logaddexp(0.0, odds) / (math.exp(log_c) * levels))


def _check_determined(found: Estimate, given: Mapping[str, float]) -> None:
    low, high = found.intervals[0]
    if "beta" not in given and (high - low > WIDEST_SHARE or low <= _BETA[0]):
        raise FitRefused(_undetermined("beta", low, high, "savings"))
    logs = zip(("m", "c"), found.intervals[1:], (_LOG_M, _LOG_C), strict=True)
    for name, (low, high), bounds in logs:
        wide = high - low > math.log(WIDEST_FACTOR) or low <= bounds[0]
        if wide and name not in given:
            raise FitRefused(_undetermined(name, math.exp(low), math.exp(high), "savings"))


def _undetermined(name: str, low: float, high: float, what: str) -> str:
    return (
        f"the months do not determine {name}: every value from {low:.2g} to {high:.2g} fits, since "
        f"the {what} of single months scatter. Wait for more months, or name the value of {name} "
        "yourself"
    )


def _explained(saved: list[tuple[int, float]], curve: Estimate) -> Decimal:
    levels = [ps for _, ps in saved]
    mean = sum(levels) / len(levels)
    return _decimal(1 - curve.squares / sum((level - mean) ** 2 for level in levels))


def _exp(ends: tuple[float, float]) -> tuple[float, float]:
    return math.exp(ends[0]), math.exp(ends[1])


def _decimal(value: float) -> Decimal:
    """Nine decimals, and never zero: every parameter is more than that."""
    return max(Decimal(value).quantize(_DIGITS), _DIGITS)
