"""Bounded least squares with profile intervals: how far data determine the parameters of a curve.

A value of a parameter is in its interval if the best fit with this value is not worse than the best
fit of all by an F test (Bates and Watts, "Nonlinear Regression Analysis", 1988, chapter 6). Such an
interval respects bounds and need not be symmetrical.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIDENCE = 0.95
_PRECISION = 1e-3
"""Of the distance between the best value and an end of its interval."""

_LEAST = 1e-7
"""Of the width between the bounds: no interval is known better."""

_FIRST_STEP = 1 / 64
"""Of the width between the bounds, doubled until an end is passed."""

Residuals = Callable[["NDArray[Any]"], "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Curve:
    """The residuals of a curve with parameters between `low` and `high`, and where to start.

    `held` are parameters, by index, that are given and not fitted.
    """

    residuals: Residuals
    low: Sequence[float]
    high: Sequence[float]
    starts: Sequence[Sequence[float]]
    held: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The best parameters, the interval of each, and the sum of squares that is left."""

    values: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    squares: float


def estimate(curve: Curve) -> Estimate:
    """The best of the fits from all starts, and the interval of each parameter.

    There must be more residuals than parameters.
    """
    values, squares = min((_fit(curve, start) for start in curve.starts), key=lambda one: one[1])
    limit = _limit(curve, values, squares)
    ends = tuple(_interval(curve, values, index, limit) for index in range(len(values)))
    return Estimate(values, ends, squares)


def _limit(curve: Curve, values: Sequence[float], squares: float) -> float:
    """The sum of squares above which a fit is significantly worse."""
    import numpy
    from scipy.stats import f as fisher

    free = len(values) - len(curve.held)
    freedom = len(curve.residuals(numpy.asarray(values))) - free
    smallest = 1e-18  # exact data: what is left is rounding
    return max(squares, smallest) * (1 + float(fisher.ppf(CONFIDENCE, 1, freedom)) / freedom)


def _fit(
    curve: Curve, start: Sequence[float], fixed: int | None = None
) -> tuple[tuple[float, ...], float]:
    """The best parameters from a start and their sum of squares; one may be fixed at its start."""
    import numpy
    from scipy.optimize import least_squares

    whole = numpy.asarray([curve.held.get(n, value) for n, value in enumerate(start)])
    free = [n for n in range(len(whole)) if n != fixed and n not in curve.held]
    if not free:
        return tuple(map(float, whole)), float((curve.residuals(whole) ** 2).sum())
    low, high = (numpy.asarray(side, dtype=float)[free] for side in (curve.low, curve.high))

    def residuals(part: Any) -> Any:
        whole[free] = part
        return curve.residuals(whole)

    margin = 1e-9 * (high - low)
    inside = numpy.clip(whole[free], low + margin, high - margin)
    found = least_squares(residuals, inside, bounds=(low, high), x_scale=(high - low) / 10)
    whole[free] = found.x
    return tuple(map(float, whole)), 2 * float(found.cost)


def _interval(
    curve: Curve, values: Sequence[float], index: int, limit: float
) -> tuple[float, float]:
    """From the first value below to the first value above that fits significantly worse."""
    if index in curve.held:
        return values[index], values[index]
    down = _end(curve, values, index, limit, curve.low[index])
    return down, _end(curve, values, index, limit, curve.high[index])


def _end(curve: Curve, values: Sequence[float], index: int, limit: float, bound: float) -> float:
    """Where the fit gets significantly worse on the way to the bound; else the bound."""
    inside, fit, far = values[index], tuple(values), False
    step = (bound - inside) * _FIRST_STEP
    outside = inside
    while not far and outside != bound:
        outside = inside + step if abs(step) < abs(bound - inside) else bound
        fit, squares = _with(curve, fit, index, outside)
        far = squares > limit
        inside, step = (inside, step) if far else (outside, step * 2)
    best = values[index]
    return _halve(curve, fit, index, limit, best, inside, outside) if far else bound


def _halve(
    curve: Curve,
    fit: tuple[float, ...],
    index: int,
    limit: float,
    best: float,
    inside: float,
    outside: float,
) -> float:
    """The end between `inside`, which fits, and `outside`, which does not."""
    least = _LEAST * (curve.high[index] - curve.low[index])
    while abs(outside - inside) > max(_PRECISION * abs(outside - best), least):
        middle = (inside + outside) / 2
        fit, squares = _with(curve, fit, index, middle)
        inside, outside = (inside, middle) if squares > limit else (middle, outside)
    return outside


def _with(
    curve: Curve, near: tuple[float, ...], index: int, value: float
) -> tuple[tuple[float, ...], float]:
    start = list(near)
    start[index] = value
    return _fit(curve, start, index)
