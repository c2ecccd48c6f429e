"""Evidence that a saving is there and lasts; how often it is wrong is in test_error_rates."""

import numpy as np
import pytest

from copq.improvement.evidence.days import Days, NotEnoughDays, long_run_variance
from copq.improvement.evidence.erosion import Erosion, Lasting, erosion
from copq.improvement.evidence.interval import interval
from copq.improvement.evidence.sequential import watch
from tests.support.improvement.simulated_days import Plant, split

YEAR = 365


def level(saving: float, days: int) -> np.ndarray:
    return np.concatenate([np.ones(YEAR), np.full(days, 1 - saving)])


def test_an_interval_is_the_same_for_everybody() -> None:
    baseline, period = split(Plant().days(np.random.default_rng(2), level(0.1, 30)), YEAR)
    assert interval(baseline, period) == interval(baseline, period)


def test_a_saving_is_demonstrated_if_its_uncertainty_is_at_most_half_of_it() -> None:
    random = np.random.default_rng(3)
    large = interval(*split(Plant().days(random, level(0.3, 60)), YEAR))
    none = interval(*split(Plant().days(random, level(0.0, 60)), YEAR))
    assert large.is_demonstrated
    assert not none.is_demonstrated


def test_a_rise_is_never_proven_as_a_fall() -> None:
    found = watch(*split(Plant().days(np.random.default_rng(6), level(-0.2, 180)), YEAR))
    assert found.proven_after is None


def test_losses_that_never_vary_make_any_fall_certain() -> None:
    steady = Days.of([10.0] * 30, [10.0] * 30)
    assert long_run_variance(steady.deviations) == 0
    assert watch(steady, Days.of([9.0] * 30, [10.0] * 30)).proven_after == 7
    assert interval(steady, Days.of([9.0] * 30, [10.0] * 30)).low == pytest.approx(30)


def test_a_day_without_production_counts_on_the_next_and_too_few_are_refused() -> None:
    found = Days.of([1.0, 5.0] * 15, [0.0, 10.0] * 15)
    assert (len(found), set(found.lost), found.number[0]) == (15, {6.0}, 2)
    standing = Days.recorded([0.0, 50.0, 5_000.0, 3.0, 4.0], [0.0, 100.0, 0.0, 100.0, 0.0])
    assert list(standing.lost) == [50.0, 5_007.0]
    assert len(Days.recorded([7.0], [0.0])) == 0
    with pytest.raises(NotEnoughDays, match="5 days with production: 14 are needed"):
        Days.of([5.0] * 10, [10.0, 0.0] * 5)


def test_what_neighbouring_days_share_widens_the_variance() -> None:
    random = np.random.default_rng(7)
    steps = random.normal(0, 1, 5_000)
    shared = np.convolve(steps, [1, 0.8, 0.6], "valid")
    assert long_run_variance(shared) == pytest.approx(2.4**2, rel=0.2)
    assert long_run_variance(steps) == pytest.approx(1, rel=0.1)


HELD = 182


def after(plant: Plant, random: np.random.Generator, lost_a_year: float, days: int) -> Erosion:
    """A year of baseline, half a year with 30 % less, then days in which a part is lost again."""
    saving = 0.3 * (1 - np.minimum(np.arange(days) * lost_a_year / YEAR, 1))
    levels = np.concatenate([np.ones(YEAR), np.full(HELD, 0.7), 1 - saving])
    return erosion(*split(plant.days(random, levels), YEAR, YEAR + HELD))


def test_what_is_lost_wholly_is_called_lost_and_what_is_left_in_part_eroding() -> None:
    random = np.random.default_rng(10)
    assert after(Plant(), random, 0.5, YEAR).status is Lasting.ERODING
    assert after(Plant(), random, 2, YEAR).status is Lasting.LOST


def test_without_a_saving_or_a_week_nothing_is_said_about_its_lasting() -> None:
    same = Days.of([10.0] * 30, [10.0] * 30)
    few = Days.recorded([9.0] * 6, [10.0] * 6)
    assert erosion(same, same, same).status is Lasting.NOT_ENOUGH_DATA
    assert erosion(same, Days.of([9.0] * 30, [10.0] * 30), few).status is Lasting.NOT_ENOUGH_DATA
