"""Conformance against failure, and where both together cost least."""

import random
from datetime import date
from decimal import Decimal as D

import pytest

from copq.improvement.conformance import NoOptimum, Optimum, Point, lowest, optimum


def points(number: int, best: float, bend: float, noise: float, seed: int = 1) -> list[Point]:
    chance = random.Random(seed)
    found = []
    for n in range(number):
        level = 0.90 + 0.09 * n / max(number - 1, 1)
        total = 10 + bend * (level - best) ** 2 + chance.gauss(0, noise)
        day = date(2026 + n // 12, n % 12 + 1, 1)
        found.append(Point(day, D(f"{level:.6f}"), D(3), D(f"{total - 3:.6f}")))
    return found


def test_the_lowest_total_so_far_is_marked() -> None:
    found = points(5, 0.95, 1000, 0.0)
    assert lowest(found) == found[2]
    assert lowest([]) is None


def test_an_optimum_has_an_interval_around_it() -> None:
    found = optimum(points(24, 0.95, 1000, 0.1))
    assert isinstance(found, Optimum)
    assert found.low < found.level < found.high
    assert found.low < D("0.95") < found.high and found.high - found.low < D("0.02")
    assert abs(found.total - 10) < D("0.2")


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = [optimum(points(18, 0.95, 1000, 0.1, seed)) for seed in range(300)]
    right = [one.low <= D("0.95") <= one.high for one in held if isinstance(one, Optimum)]
    assert len(right) > 290 and 0.91 < sum(right) / len(right) < 0.99


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (points(1, 0.95, 1000, 0.1), "1 period is not enough data: 12 are needed"),
        (points(11, 0.95, 1000, 0.1), "11 periods are not enough data: 12 are needed"),
        ([Point(date(2026, 1, 1), D("0.9"), D(1), D(1))] * 12, "1 different levels"),
        (points(24, 0.95, 0, 1.0), "do not show a lowest point"),
        (points(24, 0.95, -1000, 0.1), "do not show a lowest point"),
        (points(24, 1.5, 1000, 0.1), "outside the levels seen"),
    ],
)
def test_an_optimum_that_the_data_do_not_support_is_refused(
    found: list[Point], reason: str
) -> None:
    none = optimum(found)
    assert isinstance(none, NoOptimum) and reason in none.reason


def test_a_level_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="level is 98: it must be from 0 to 1"):
        Point(date(2026, 1, 1), D(98), D(1), D(1))
