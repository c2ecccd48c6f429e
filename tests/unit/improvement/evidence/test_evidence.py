"""Intervals cover the truth, daily looks raise no false alarm, and a real fall is found.

The error rates are measured on few simulated plants here, with bounds that a right method keeps
by far; `make bench-statistics` measures them on many.
"""

import numpy as np
import pytest

from copq.improvement.evidence.days import Days, NotEnoughDays, long_run_variance
from copq.improvement.evidence.interval import interval
from copq.improvement.evidence.sequential import watch
from tests.support.improvement.simulated_days import Plant, split

YEAR = 365


def level(saving: float, days: int) -> np.ndarray:
    return np.concatenate([np.ones(YEAR), np.full(days, 1 - saving)])


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random, plant, covered = np.random.default_rng(1), Plant(), 0
    for _ in range(60):
        baseline, period = split(plant.days(random, level(0.1, 91)), YEAR)
        found = interval(baseline, period)
        covered += found.low <= 0.1 * period.expected.sum() / baseline.level <= found.high
    assert 46 <= covered <= 60


def test_an_interval_is_the_same_for_everybody() -> None:
    baseline, period = split(Plant().days(np.random.default_rng(2), level(0.1, 30)), YEAR)
    assert interval(baseline, period) == interval(baseline, period)


def test_a_saving_is_demonstrated_if_its_uncertainty_is_at_most_half_of_it() -> None:
    random = np.random.default_rng(3)
    large = interval(*split(Plant().days(random, level(0.3, 60)), YEAR))
    none = interval(*split(Plant().days(random, level(0.0, 60)), YEAR))
    assert large.is_demonstrated
    assert not none.is_demonstrated


def test_doing_nothing_is_not_proven_by_looking_daily_for_three_years() -> None:
    random = np.random.default_rng(4)
    proven = [
        watch(*split(Plant().days(random, level(0.0, 3 * YEAR)), YEAR)).proven_after
        for _ in range(120)
    ]
    assert sum(day is not None for day in proven) <= 3


def test_a_tenth_less_is_proven_within_eight_weeks() -> None:
    random = np.random.default_rng(5)
    proven = [
        watch(*split(Plant().days(random, level(0.1, 56)), YEAR)).proven_after for _ in range(100)
    ]
    assert sum(day is not None for day in proven) >= 80


def test_a_rise_is_never_proven_as_a_fall() -> None:
    found = watch(*split(Plant().days(np.random.default_rng(6), level(-0.2, 180)), YEAR))
    assert found.proven_after is None


def test_losses_that_never_vary_make_any_fall_certain() -> None:
    steady = Days.of([10.0] * 30, [10.0] * 30)
    assert long_run_variance(steady.deviations) == 0
    assert watch(steady, Days.of([9.0] * 30, [10.0] * 30)).proven_after == 7
    assert interval(steady, Days.of([9.0] * 30, [10.0] * 30)).low == pytest.approx(30)


def test_days_without_production_are_left_out_and_too_few_are_refused() -> None:
    assert len(Days.of([5.0] * 30, [10.0, 0.0] * 15).lost) == 15
    with pytest.raises(NotEnoughDays, match="5 days with production: 14 are needed"):
        Days.of([5.0] * 10, [10.0, 0.0] * 5)


def test_what_neighbouring_days_share_widens_the_variance() -> None:
    random = np.random.default_rng(7)
    steps = random.normal(0, 1, 5_000)
    shared = np.convolve(steps, [1, 0.8, 0.6], "valid")
    assert long_run_variance(shared) == pytest.approx(2.4**2, rel=0.2)
    assert long_run_variance(steps) == pytest.approx(1, rel=0.1)
