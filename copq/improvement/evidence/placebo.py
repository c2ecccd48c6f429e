"""Placebo scopes: the same test where nothing was done.

A strike, a mild winter or another way of counting moves many scopes at once. If scopes without a
project fell as much, the project is not the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copq.improvement.evidence.days import LEAST_DAYS, Days
from copq.improvement.evidence.sequential import falls

LEAST_SCOPES = 19
"""With fewer the smallest share, 1 / (scopes + 1), is above 5 %."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The days of one scope before and since the start of the project."""

    baseline: Days
    since: Days

    @property
    def fall(self) -> float:
        """In standard errors, so that scopes with quiet and with restless losses compare."""
        share, variance = falls(self.baseline, self.since)
        return float(share[-1] / np.sqrt(max(variance[-1], 1e-18)))


@dataclass(frozen=True, slots=True)
class Placebos:
    """How the project's scope compares with `scopes` others."""

    scopes: int
    at_least_as_large: int

    @property
    def share(self) -> float:
        """Of all scopes, the project's among them, that fell at least as much: a p-value.

        It holds if the project's scope could, before the start, have been any of them.
        """
        return (self.at_least_as_large + 1) / (self.scopes + 1)

    @property
    def are_enough(self) -> bool:
        """Whether the share can be as small as 5 %."""
        return self.scopes >= LEAST_SCOPES


def placebos(own: Scope, others: Sequence[Scope]) -> Placebos:
    """Scopes with fewer than two weeks on either side are left out.

    The caller chooses scopes of the same kind (other lines, other defects) without a project and
    without entries in common with the project's.
    """
    usable = [one for one in others if min(len(one.baseline), len(one.since)) >= LEAST_DAYS]
    fall = own.fall
    return Placebos(len(usable), sum(one.fall >= fall for one in usable))
