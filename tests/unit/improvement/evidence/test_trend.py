"""Mann and Kendall's test and Sen's slope, next to values of an independent implementation."""

import numpy as np
import pytest

from copq.improvement.evidence.days import Days, NotEnoughDays
from copq.improvement.evidence.trend import mann_kendall, trend
from copq.improvement.evidence.weeks import Weeks

SHARED = np.array([
    -0.8, -1.8, -1.3, -0.3, 1.0, 0.8, 0.0, -0.7, 0.4, 1.9, 1.5, -0.2, -1.0, 1.1, 1.0, -1.0, -0.5,
    -1.3, -1.3, -1.1, -1.2, 0.0, 0.1, -0.3, 0.4, 1.3, -0.6, -0.4, -1.0, -0.5, -1.4, -0.5, -0.1,
    -0.1, -0.8, -0.6, -1.1, -1.7, -0.5, -1.1, 0.9, 1.6, -0.7, 0.2, -0.6, 0.0, 0.4, -1.3, -0.6,
    -0.2, 1.2, 0.0, 1.2, 0.0, 0.1, -0.3, 1.7, 2.1, 4.1, 3.6,
])  # fmt: skip
"""Sixty values with ties that resemble their neighbours."""


def test_without_autocorrelation_it_is_the_test_of_mann_and_kendall() -> None:
    """pymannkendall 1.4.3, original_test: p = 0.000205909, slope = 0.894444."""
    values = np.array([3, 5, 4, 6, 8, 7, 9, 12, 10, 11, 11, 14.0])
    found = mann_kendall(values, np.arange(12.0))
    assert found.p_value == pytest.approx(0.00020590905, rel=1e-6)
    assert found.slope == pytest.approx(0.8944444)
    assert found.rises and not found.falls


def test_values_that_resemble_their_neighbours_are_less_certain() -> None:
    """pymannkendall, hamed_rao_modification_test: p = 0.1118; original_test: 0.042."""
    found = mann_kendall(SHARED, np.arange(60.0))
    assert found.p_value == pytest.approx(0.1118, abs=0.001)
    assert found.slope == pytest.approx(1 / 60)
    assert found.low <= 0 < found.high


def test_the_mirror_image_falls_as_much() -> None:
    up, down = (mann_kendall(sign * SHARED, np.arange(60.0)) for sign in (1, -1))
    assert (down.slope, down.low, down.high) == (-up.slope, -up.high, -up.low)
    assert down.p_value == up.p_value


def test_one_bad_week_counts_little() -> None:
    time = np.arange(30.0)
    steady = np.resize([1.0, 1.1, 0.9], 30)
    bad = steady.copy()
    bad[29] = 50
    assert abs(mann_kendall(bad, time).slope - mann_kendall(steady, time).slope) < 0.01


def test_what_never_changes_has_no_trend() -> None:
    found = mann_kendall(np.ones(20), np.arange(20.0))
    assert (found.slope, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_the_slope_is_of_a_year() -> None:
    number = np.arange(1, 366)
    days = Days(10 + number / 365, np.full(365, 10.0), number)
    assert trend(days).slope == pytest.approx(0.1, rel=1e-6)


def test_weeks_without_production_leave_a_gap_in_time() -> None:
    number = np.concatenate([np.arange(1, 99), np.arange(113, 190)])
    days = Days(np.ones(len(number)), np.ones(len(number)), number)
    assert list(np.diff(Weeks.of(days).number)).count(3) == 1


def test_a_begun_week_counts_from_its_fifth_day_on() -> None:
    def weeks(days: int) -> int:
        return len(Weeks.of(Days.of([1.0] * days, [1.0] * days)).level)

    assert (weeks(98), weeks(102), weeks(103)) == (14, 14, 15)


def test_a_quarter_is_needed() -> None:
    with pytest.raises(NotEnoughDays, match="12 weeks with production: 13 are needed"):
        trend(Days.of([1.0] * 84, [1.0] * 84))
    with pytest.raises(NotEnoughDays, match="0 weeks"):
        trend(Days.recorded([], []))
