"""What is unusual on a control chart: Nelson's eight tests.

Lloyd S. Nelson, "The Shewhart control chart - tests for special causes", Journal of Quality
Technology 16, 1984. Tests 1, 5 and 6, and 2 with eight instead of nine points, are those of the
Western Electric "Statistical Quality Control Handbook" (1956).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from copq.improvement.evidence.days import Floats

Windows = Floats
"""Rows of neighbouring points, in standard deviations from the centre."""

Met = NDArray[np.bool_]
"""Which rows meet a rule."""


def _on_a_side(points: Windows, beyond: float, least: int) -> Met:
    """Where at least so many points of a row are beyond, all on the same side."""
    above, below = (points > beyond).sum(axis=1), (points < -beyond).sum(axis=1)
    found: Met = np.maximum(above, below) >= least
    return found


def _steady(points: Windows) -> Met:
    steps = np.sign(np.diff(points, axis=1))
    found: Met = np.abs(steps.sum(axis=1)) == steps.shape[1]
    return found


def _alternating(points: Windows) -> Met:
    steps = np.sign(np.diff(points, axis=1))
    found: Met = (steps[:, 1:] * steps[:, :-1] == -1).all(axis=1)
    return found


class Rule(Enum):
    """A test: its number, its words, how many points it looks at, and what it asks of them."""

    BEYOND = 1, "one point beyond three standard deviations", 1
    ONE_SIDE = 2, "nine points in a row on one side of the centre", 9
    STEADY = 3, "six points in a row rising or falling", 6
    ALTERNATING = 4, "fourteen points in a row up and down in turn", 14
    TWO_OF_THREE = 5, "two of three points beyond two standard deviations on one side", 3
    FOUR_OF_FIVE = 6, "four of five points beyond one standard deviation on one side", 5
    WITHIN = 7, "fifteen points in a row within one standard deviation", 15
    OUTSIDE = 8, "eight points in a row beyond one standard deviation on either side", 8

    def __init__(self, number: int, words: str, points: int) -> None:
        self.number, self.words, self.points = number, words, points


_TESTS: dict[Rule, Callable[[Windows], Met]] = {
    Rule.BEYOND: lambda points: _on_a_side(points, 3, 1),
    Rule.ONE_SIDE: lambda points: _on_a_side(points, 0, 9),
    Rule.STEADY: _steady,
    Rule.ALTERNATING: _alternating,
    Rule.TWO_OF_THREE: lambda points: _on_a_side(points, 2, 2),
    Rule.FOUR_OF_FIVE: lambda points: _on_a_side(points, 1, 4),
    Rule.WITHIN: lambda points: np.abs(points).max(axis=1) < 1,
    Rule.OUTSIDE: lambda points: np.abs(points).min(axis=1) > 1,
}


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that is met by the points that end at a place, from 0."""

    place: int
    rule: Rule


def signals(scores: Floats, beyond_only: bool = False) -> list[Signal]:
    """Of points in standard deviations from the centre, in order of place and rule.

    `beyond_only` for points that share values with their neighbours, such as moving averages.
    """
    rules = [Rule.BEYOND] if beyond_only else list(Rule)
    found = [
        Signal(int(first) + rule.points - 1, rule)
        for rule in rules
        if len(scores) >= rule.points
        for first in np.nonzero(_TESTS[rule](sliding_window_view(scores, rule.points)))[0]
    ]
    return sorted(found, key=lambda signal: (signal.place, signal.rule.number))
