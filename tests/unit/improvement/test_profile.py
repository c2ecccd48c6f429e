"""Bounded least squares with profile intervals."""

from typing import Any

import numpy
import pytest
from scipy.stats import linregress, t

from copq.improvement.profile import Curve, estimate

X = numpy.arange(12.0)
Y = 3 + 0.5 * X + numpy.random.default_rng(7).normal(0, 0.4, 12)


def line(**more: Any) -> Curve:
    bounds = {"low": (-10, -10), "high": (10, 10), **more}
    return Curve(lambda p: p[0] + p[1] * X - Y, starts=[(0.0, 0.0)], **bounds)


def test_of_a_straight_line_the_intervals_are_the_exact_ones() -> None:
    exact = linregress(X, Y)
    found = estimate(line())
    half = t.ppf(0.975, 10) * exact.stderr
    assert found.values[1] == pytest.approx(exact.slope, abs=1e-6)
    assert found.intervals[1] == pytest.approx((exact.slope - half, exact.slope + half), abs=3e-3)


def test_an_interval_ends_at_a_bound_that_fits_as_well() -> None:
    found = estimate(line(high=(10, 0.51)))
    assert found.intervals[1][1] == 0.51 and found.intervals[1][0] < 0.5


def test_a_parameter_that_does_nothing_may_have_any_value() -> None:
    curve = Curve(lambda p: p[0] - Y, (-10, -10), (10, 10), [(0.0, 0.0)])
    assert estimate(curve).intervals[1] == (-10, 10)


def test_a_held_parameter_stays_where_it_is() -> None:
    found = estimate(line(held={1: 0.25}))
    assert found.values[1] == 0.25 and found.intervals[1] == (0.25, 0.25)
    assert found.values[0] == pytest.approx(float((Y - 0.25 * X).mean()), abs=1e-6)
    everything = estimate(line(held={0: 3.0, 1: 0.5}))
    assert everything.squares == pytest.approx(float(((3 + 0.5 * X - Y) ** 2).sum()))
