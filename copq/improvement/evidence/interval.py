"""How sure a saving is: a moving-block bootstrap over production days.

Blocks of neighbouring days keep what days share. Deviations of both periods are drawn together,
since a month alone has too few blocks; so losses are taken to vary as much, relative to their
level, after the change as before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from copq.improvement.evidence.days import Days, Floats, long_run_variance

BLOCK = 7
"""Days: a week, so that weekdays stay in their place."""

DRAWS = 2_000
CONFIDENCE = 0.90
DEMONSTRATED_AT = 0.68
"""ASHRAE Guideline 14: the uncertainty at this confidence is at most half of the saving."""

_SEED = 20_260_101
"""The same days give the same interval, for an auditor as well."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A saving, and the bounds of its 90 % interval; money of the whole reporting period."""

    saving: float
    low: float
    high: float
    half_width: float
    """Of the interval at 68 %."""

    @property
    def is_demonstrated(self) -> bool:
        return self.saving > 0 and self.half_width <= self.saving / 2


def interval(baseline: Days, period: Days) -> Interval:
    """The saving of a period against the baseline, with its uncertainty.

    The saving is (level of the baseline - level of the period) x what was expected in the period.
    """
    saving = (baseline.level - period.level) * float(period.expected.sum())
    errors = _errors(baseline, period)
    low, high = np.quantile(errors, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    inner = np.quantile(errors, [(1 - DEMONSTRATED_AT) / 2, (1 + DEMONSTRATED_AT) / 2])
    return Interval(saving, saving - float(high), saving - float(low), float(np.ptp(inner)) / 2)


def _errors(baseline: Days, period: Days) -> Floats:
    """By how much the saving misses in each draw."""
    pool = np.concatenate([baseline.deviations, period.deviations])
    pool = pool * np.sqrt(len(pool) / (len(pool) - 2))  # two levels were estimated
    random = np.random.default_rng(_SEED)
    scale = _scale(pool)
    before, after = (
        days.level * scale * _draws(random, pool, days.expected) / days.expected.sum()
        for days in (baseline, period)
    )  # fmt: skip
    errors: Floats = (before - after) * period.expected.sum()
    return errors


def _draws(random: np.random.Generator, pool: Floats, expected: Floats) -> Floats:
    """Sums of deviations x expectations, each of blocks of the pool; its end meets its start."""
    blocks = -(-len(expected) // BLOCK)
    weights = np.pad(expected, (0, blocks * BLOCK - len(expected))).reshape(blocks, BLOCK)
    joined = np.concatenate([pool, np.resize(pool, BLOCK - 1)])
    sums = sliding_window_view(joined, BLOCK) @ weights.T  # of each block at each start
    starts = random.integers(0, len(pool), (DRAWS, blocks))
    drawn: Floats = sums[starts, np.arange(blocks)].sum(axis=1)
    return drawn


def _scale(pool: Floats) -> float:
    """What blocks of a week miss of what days share over longer, as a factor of at least 1."""
    joined = np.concatenate([pool, pool[: BLOCK - 1]])
    within = np.convolve(joined, np.ones(BLOCK), "valid")
    kept = float((within**2).mean() / BLOCK)
    return max(1.0, float(np.sqrt(long_run_variance(pool) / kept))) if kept else 1.0
