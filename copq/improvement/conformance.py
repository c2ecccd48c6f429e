"""Conformance against failure: the cost of each period over its level of conformance.

The optimum is where prevention, appraisal and failure together cost least (Juran). It is fitted
only where the data support one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from copq.text.counts import count_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PERIODS = 12
LEAST_LEVELS = 5
"""Different levels: fewer say nothing about a curve."""

CONFIDENCE = Decimal("0.95")
_DIGITS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Point:
    """One period: its level of conformance (the good share of units, from 0 to 1), and costs.

    `conformance` is prevention and appraisal, `failure` is COPQ, both on the same base, such as
    money a unit, so that a busy month is comparable with a slow one.
    """

    period: date
    level: Decimal
    conformance: Decimal
    failure: Decimal

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 1:
            raise ValueError(f"level is {self.level}: it must be from 0 to 1, as 0.98")

    @property
    def total(self) -> Decimal:
        return self.conformance + self.failure


@dataclass(frozen=True, slots=True)
class Optimum:
    """The level with the lowest total by the fit, its interval at 95 % confidence, and the total
    there. `low` and `high` are not symmetrical around `level`. To six decimals.
    """

    level: Decimal
    low: Decimal
    high: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class NoOptimum:
    """The data do not support an optimum, and why."""

    reason: str


def lowest(points: Sequence[Point]) -> Point | None:
    """The period with the lowest total so far, the earliest of equal ones; None without any."""
    return min(points, key=lambda point: (point.total, point.period), default=None)


def optimum(points: Sequence[Point]) -> Optimum | NoOptimum:
    """The level at which a parabola through the totals is lowest, or why there is none.

    The interval is Fieller's, since the optimum is a ratio of two estimates. It is finite only if
    the curvature is proven; then the data support an optimum.
    """
    levels = {point.level for point in points}
    if len(points) < LEAST_PERIODS:
        lacking = count_of(len(points), "period is", "periods are")
        return NoOptimum(f"{lacking} not enough data: {LEAST_PERIODS} are needed")
    if len(levels) < LEAST_LEVELS:
        return NoOptimum(
            f"the periods have {len(levels)} different levels of conformance: "
            f"{LEAST_LEVELS} are needed"
        )
    return _fit(points, min(levels), max(levels))


def _fit(points: Sequence[Point], least: Decimal, most: Decimal) -> Optimum | NoOptimum:
    """In levels from -1 to 1, so that the squares are as exact as the levels."""
    middle, half = float(least + most) / 2, float(most - least) / 2
    scaled = [(float(point.level) - middle) / half for point in points]
    coefficients, covariance = _parabola(scaled, [float(point.total) for point in points])
    ends = _fieller(coefficients, covariance, len(points) - 3)
    if ends is None:
        return NoOptimum("the totals do not show a lowest point: they may rise or fall throughout")
    constant, slope, curvature = coefficients
    best = -slope / (2 * curvature)
    if not -1 <= best <= 1:
        return NoOptimum(
            f"the lowest total lies outside the levels seen, {least:f} to {most:f}: it is unknown"
        )
    low, best_level, high = (_decimal(middle + half * at) for at in (ends[0], best, ends[1]))
    total = constant + slope * best + curvature * best**2
    return Optimum(best_level, max(low, Decimal(0)), min(high, Decimal(1)), _decimal(total))


def _parabola(x: Sequence[float], y: Sequence[float]) -> tuple[Any, "NDArray[Any]"]:
    """Coefficients of 1, x and x², and their covariance, by least squares."""
    import numpy  # slow to load, and of use here alone

    design = numpy.vander(x, 3, increasing=True)
    coefficients, *_ = numpy.linalg.lstsq(design, numpy.asarray(y))
    residuals = y - design @ coefficients
    variance = residuals @ residuals / (len(x) - 3)
    return coefficients, variance * numpy.linalg.inv(design.T @ design)


def _fieller(
    coefficients: Any, covariance: "NDArray[Any]", freedom: int
) -> tuple[float, float] | None:
    """Where the slope b + 2cx may be zero; None if that is not an interval around a minimum."""
    from scipy.stats import t as student

    _, b, c = coefficients
    squared = float(student.ppf((1 + float(CONFIDENCE)) / 2, freedom)) ** 2
    square = 4 * (c * c - squared * covariance[2, 2])
    if c <= 0 or square <= 0:
        return None
    linear = 4 * (b * c - squared * covariance[1, 2])
    constant = b * b - squared * covariance[1, 1]
    root = max(linear * linear - 4 * square * constant, 0.0) ** 0.5
    return (-linear - root) / (2 * square), (-linear + root) / (2 * square)


def _decimal(value: float) -> Decimal:
    return Decimal(value).quantize(_DIGITS)
