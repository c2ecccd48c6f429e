"""The regression finds steps and slopes whose size is known, and says how sure they are."""

import numpy as np
import pytest

from copq.improvement.evidence.days import Days, NotEnoughDays
from copq.improvement.evidence.estimate import Estimate
from copq.improvement.evidence.regression import interrupted
from tests.support.improvement.simulated_days import Plant, split

YEAR = 365


def series(levels: np.ndarray, first: int = 1) -> Days:
    """Days with a weekday of their own: every seventh loses half more."""
    number = np.arange(first, first + len(levels))
    rate = np.where(number % 7 == 0, 1.5, 1.0) * levels
    return Days(10 * rate, np.full(len(levels), 10.0), number)


def test_a_step_and_a_slope_without_noise_are_found_exactly() -> None:
    after = np.arange(140)
    found = interrupted(series(np.ones(140)), series(0.8 - 0.1 * after / YEAR, first=141))
    mean = 1 + 0.5 / 7  # of the baseline, whose losses are the unit
    assert found.step.value * mean == pytest.approx(0.2 * mean, rel=0.05)
    assert found.slope.value > 0.08
    assert not found.fell_before


def test_weekdays_are_no_saving() -> None:
    """Six weeks without Sundays after a baseline with them: the mean falls, the regression is 0."""
    baseline, since = series(np.ones(140)), series(np.ones(42), first=141)
    without = since.number % 7 != 0
    quiet = Days(since.lost[without], since.expected[without], since.number[without])
    assert quiet.level < 0.95 * baseline.level
    assert interrupted(baseline, quiet).average == Estimate(0.0, 0.0, 0.0, 1.0)


def test_losses_that_fell_before_the_start_are_named() -> None:
    falling = Plant(20_000, 0.01).days(np.random.default_rng(1), np.linspace(1.1, 0.8, 500))
    found = interrupted(*split(falling, YEAR))
    assert found.fell_before
    assert found.drift_before.value == pytest.approx(0.22, abs=0.05)


def test_a_saving_that_grows_has_a_positive_slope() -> None:
    levels = np.concatenate([np.ones(YEAR), 0.9 - 0.2 * np.arange(182) / YEAR])
    days = Plant(20_000, 0.01).days(np.random.default_rng(2), levels)
    found = interrupted(*split(days, YEAR))
    assert found.slope.low < 0.2 < found.slope.high
    assert found.step.low < 0.1 < found.step.high
    assert found.average.p_value < 1e-6


def test_two_weeks_are_needed_and_the_baseline_comes_first() -> None:
    baseline = series(np.ones(140))
    with pytest.raises(NotEnoughDays, match="13 days with production: 14 are needed"):
        interrupted(baseline, series(np.ones(13), first=141))
    with pytest.raises(ValueError, match="begin before the baseline ends"):
        interrupted(baseline, series(np.ones(20), first=140))


def test_an_error_of_zero_is_certainty() -> None:
    assert Estimate.of(0.1, 0.0, 100).p_value == 0
    assert Estimate.of(1.96, 1.0, 1e9).p_value == pytest.approx(0.05, abs=1e-4)
    assert Estimate.of(1.0, 1.0, 1e9).low == pytest.approx(1 - 1.645, abs=1e-3)
