"""How far leaves usually lie from their expectation: the noise that a cause must stand out from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MEDIAN_OF_NORMAL = 0.6744897501960817
"""Half of a standard normal distribution lies within this distance of zero."""
_ENOUGH = 20
"""Leaves, at least, to judge the scatter on one side of zero."""
_MANY_ENTRIES = 4.0
"""Leaves whose mean is fewer steps say nothing about scatter beyond that of counting."""


@dataclass(frozen=True, slots=True)
class Deviations:
    """Of each leaf: actual minus expected, its size, and what counting lets it vary by.

    `size` is the larger of actual and expected, `mean` the best estimate of both where nothing
    moved: at least half the size, or one entry would be proof where hardly anything is made after.
    The variance by counting is `step` times `mean`; `step` is the money of one entry, so it
    does not depend on how many entries chance made. `rounding` is the variance by rounding.
    """

    change: Floats
    size: Floats
    mean: Floats
    step: Floats
    rounding: Floats

    @property
    def known(self) -> Floats:
        return self.step * self.mean + self.rounding

    def of(self, chosen: npt.NDArray[Any]) -> "Deviations":
        return Deviations(
            self.change[chosen], self.size[chosen], self.mean[chosen], self.step[chosen],
            self.rounding[chosen],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Losses:
    """Of each leaf: money before and after, units after for each unit before, money of an entry.

    An `entry` of zero is unknown. `digit` is what the finest amount is rounded to.
    """

    before: Floats
    after: Floats
    growth: Floats
    entry: Floats
    digit: float

    def deviations(self, ratio: float = 1.0) -> Deviations:
        """From the expectation times `ratio`, which all leaves share."""
        growth = self.growth * ratio
        expected = self.before * growth
        size = np.maximum(np.abs(self.after), np.abs(expected))
        mean = (np.abs(self.before) + np.abs(self.after)) * growth / (1 + growth)
        return Deviations(
            change=self.after - expected,
            size=size,
            mean=np.maximum(mean, size / 2),
            step=self.entry * (1 + growth),
            rounding=self.digit**2 / 12 * (1 + growth**2),
        )

    def of(self, chosen: npt.NDArray[Any]) -> "Losses":
        return Losses(
            self.before[chosen], self.after[chosen], self.growth[chosen], self.entry[chosen],
            self.digit,
        )  # fmt: skip

    def ratio(self, scatter: float) -> float:
        """Actual for each unit of expected money, over all leaves, each by its precision."""
        found = self.deviations()
        noise = found.step + scatter**2 * found.size
        precision = np.divide(1.0, noise, out=np.zeros(len(noise)), where=noise > 0)
        expected = float((self.before * self.growth * precision).sum())
        actual = float((self.after * precision).sum())
        return actual / expected if expected > 0 and actual > 0 else 1.0

    def misfit(self, ratio: float, scatter: float) -> float:
        """How badly one ratio describes the leaves: half of chi squared, in nats."""
        found = self.deviations(ratio)
        variance = found.known + (scatter * found.size) ** 2
        some = variance > 0
        return float((found.change[some] ** 2 / variance[some]).sum()) / 2


def relative_scatter(leaves: Deviations) -> float:
    """The relative scatter s that, with the known variance, makes the median leaf ordinary.

    The variance of a leaf is taken as known + (s × size)². A cause moves leaves to one side, so the
    side with less movement is used. Zero where counting and rounding explain all scatter.
    """
    judged = _calm_side(_informative(leaves))
    if not len(judged.change) or _median(judged, 0.0) <= _MEDIAN_OF_NORMAL:
        return 0.0
    low, high = 0.0, 2.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _median(judged, middle) > _MEDIAN_OF_NORMAL else (low, middle)
    return high


def _informative(leaves: Deviations) -> Deviations:
    return leaves.of((leaves.size > 0) & (leaves.mean >= _MANY_ENTRIES * leaves.step))


def _calm_side(leaves: Deviations) -> Deviations:
    share = leaves.change / leaves.size
    sides = [side for side in (share > 0, share < 0) if side.sum() >= _ENOUGH]
    if len(sides) < 2:
        return leaves
    return leaves.of(min(sides, key=lambda side: float(np.abs(share[side]).sum())))


def _median(leaves: Deviations, scatter: float) -> float:
    least = max(scatter, 1e-9)
    deviation = np.sqrt(leaves.known + (least * leaves.size) ** 2)
    return float(np.median(np.abs(leaves.change) / deviation))
