"""Levels are told apart where they changed, and nowhere else."""

from datetime import date, timedelta

import numpy as np
import pytest

from copq.improvement.evidence.change_points import levels
from copq.improvement.evidence.days import Days
from tests.support.improvement.simulated_days import Plant, split

YEAR = 365


def test_a_saving_and_its_loss_are_dated_to_a_week() -> None:
    truth = np.concatenate([np.ones(YEAR), np.full(140, 0.7), np.full(140, 0.9)])
    days = Plant(events=400).days(np.random.default_rng(1), truth)
    before, saved, lost = levels(*split(days, YEAR))
    assert abs(saved.first - date.fromordinal(YEAR + 1)) <= timedelta(days=7)
    assert abs(lost.first - date.fromordinal(YEAR + 141)) <= timedelta(days=7)
    found = [before.level, saved.level, lost.level]
    assert found == pytest.approx([1, 0.7, 0.9], abs=0.03)


def test_nothing_is_one_level() -> None:
    days = Plant(events=400).days(np.random.default_rng(2), np.ones(2 * YEAR))
    (only,) = levels(*split(days, YEAR))
    assert only.first == date.fromordinal(1)
    assert only.level == pytest.approx(1, abs=0.02)


def test_losses_that_never_vary_change_on_the_day_of_the_start() -> None:
    steady = Days.of([10.0] * 100, [10.0] * 100)
    since = Days(np.full(60, 9.0), np.full(60, 10.0), np.arange(101, 161))
    assert [(one.first, one.level) for one in levels(steady, since)] == [
        (date.fromordinal(1), 1.0), (date.fromordinal(101), 0.9),
    ]  # fmt: skip
