"""Production days of a simulated plant whose true saving is known."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.signal import lfilter

from copq.improvement.evidence.days import Days, Floats


@dataclass(frozen=True, slots=True)
class Plant:
    """Losses of a scope: `events` on a normal day, each with a cost that is mostly small.

    `shared` is the standard deviation of what all events of a day share, and `memory` how much of
    it stays until the next day. Units follow the weekday and vary by a tenth.
    """

    events: float = 400
    shared: float = 0.05
    memory: float = 0.3

    def days(self, random: np.random.Generator, level: Floats) -> Days:
        """One history with the true level of each day; the expectation is exact."""
        number = len(level)
        week = 1 + 0.15 * np.sin(np.arange(number) * 2 * np.pi / 7)
        units = week * random.lognormal(0, 0.1, number)
        mood = np.exp(self.shared * self._mood(random, number) - self.shared**2 / 2)
        count = random.poisson(self.events * units * mood * level)
        cost = random.gamma(np.maximum(count, 1e-9) / 2, 2.0)
        return Days(cost, units * self.events, np.arange(1, number + 1))

    def _mood(self, random: np.random.Generator, number: int) -> Floats:
        steps = random.normal(0, 1, number)
        steps[1:] *= np.sqrt(1 - self.memory**2)
        mood: Floats = lfilter([1.0], [1.0, -self.memory], steps)
        return mood


def split(days: Days, *at: int) -> tuple[Days, ...]:
    """The days before, between and from the given numbers of days on."""
    bounds = (0, *at, len(days))
    return tuple(days.part(start, end) for start, end in pairwise(bounds))
