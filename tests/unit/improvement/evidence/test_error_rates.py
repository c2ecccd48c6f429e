"""Error rates on few simulated plants; `make bench-statistics` measures them on many.

A rate that is as wanted in truth exceeds these bounds in one of 10,000 choices of seeds.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks import error_rates as rates
from benchmarks.error_rates import HOLDS, WEARS_OFF, YEAR, Runs
from tests.support.improvement.simulated_days import Plant

CHANCE = 1e-4
LARGE = Plant(events=20_000, shared=0.01)


def most(rate: float, number: int) -> float:
    """The largest share of so many runs that a true rate lets expect."""
    return float(binom.ppf(1 - CHANCE, number, rate)) / number


def least(rate: float, number: int) -> float:
    return float(binom.ppf(CHANCE, number, rate)) / number


@pytest.mark.parametrize(
    ("measure", "number"),
    [
        (partial(rates.coverage, days=30), 100),
        (partial(rates.coverage, days=91), 100),
        (partial(rates.regression_coverage, days=91), 60),
    ],
)
def test_an_interval_holds_the_truth_as_often_as_it_says(
    measure: Callable[[Runs], float], number: int
) -> None:
    """88 to 92 % are wanted."""
    found = measure(Runs(Plant(), number))
    assert least(0.88, number) <= found <= most(0.92, number)


@pytest.mark.parametrize(
    ("measure", "rate", "number"),
    [
        (partial(rates.proven, level=1.0, days=3 * YEAR), 0.01, 120),
        (partial(rates.trend_found, levels_since=HOLDS), 0.05, 60),
        (rates.changes_invented, 0.05, 60),
    ],
)
def test_nothing_is_seldom_taken_for_something(
    measure: Callable[[Runs], float], rate: float, number: int
) -> None:
    assert measure(Runs(Plant(), number)) <= most(rate, number)


def test_placebos_name_a_project_that_did_nothing_as_seldom_as_they_say() -> None:
    assert rates.placebo_finds(Runs(Plant(), 30), 1.0) <= most(0.05, 30)


def test_a_tenth_less_is_proven_within_eight_weeks_in_four_of_five_plants() -> None:
    assert rates.proven(Runs(Plant(), 100), 0.9, 56) >= least(0.8, 100)


def test_a_saving_that_holds_raises_an_alarm_less_than_once_in_ten_years() -> None:
    """In two years of each plant an alarm has a probability of a fifth at most."""
    assert rates.false_alarms(Runs(Plant(), 30)) / 5 <= most(0.2, 30)


def test_a_saving_that_is_half_lost_in_a_year_is_flagged_within_six_weeks() -> None:
    """In a large scope, whose days vary little; in others later, as the documents say."""
    assert rates.weeks_to_alarm(Runs(LARGE, 30)) <= 6


def test_a_trend_and_a_change_that_are_there_are_found() -> None:
    asked = Runs(Plant(), 30)
    assert rates.trend_found(asked, WEARS_OFF) >= least(0.95, 30)
    assert rates.change_dated(asked) >= least(0.9, 30)


def test_few_of_the_projects_that_a_portfolio_names_did_nothing() -> None:
    false, found = rates.portfolio(Runs(Plant(), 2))
    assert false <= 0.05 and found >= 0.9


def test_a_point_beyond_the_limits_is_rare() -> None:
    assert rates.false_signals(Runs(LARGE, 20)) < 15


def test_the_months_ahead_are_within_the_forecast() -> None:
    """Three months of each history, which share their level: bounds as of one."""
    assert rates.forecast_coverage(Runs(Plant(), 10), HOLDS) >= least(0.88, 10)
    assert np.isfinite(rates.spread(Runs(Plant(), 1)))
