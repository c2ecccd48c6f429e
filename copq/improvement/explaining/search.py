"""Find the smallest set of attribute combinations whose leaves moved together.

Each leaf has a relative change with a known precision. A combination explains its leaves by one
common shift; its gain is the log-likelihood over no shift, and naming it costs the logarithm of how
many combinations could have been named (minimum description length). The best combination is taken,
its leaves are set aside, and the search repeats until no gain is worth its cost. A second search
allows a shift that all leaves share: a loss that rose everywhere alike has no cause in the
attributes, although each value of each attribute rose. The better description of both is returned.

The problem is that of Adtributor (2014), HotSpot (2018), Squeeze (2019) and RiskLoc (2022).
"""

from dataclasses import dataclass
from math import erfc, exp, log, sqrt

import numpy as np

from copq.improvement.explaining.combinations import Codes, Cuboid, cuboids
from copq.improvement.explaining.scatter import Deviations, Floats, Losses, relative_scatter

SIGNIFICANCE = 0.01
"""The chance that any combination is named where none moved."""
_MOST_CAUSES = 100
_TIE = 1e-9
_LEAST_SCATTER = 1e-6
"""Expectations are never more exact; it bounds the weight of a leaf without known variance."""
_UNPREDICTED = 0.5
"""With relative scatter above it the expectation says little about single leaves: a shift counts
only where it is larger than the scatter."""
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Cause:
    """Attributes (by position) and the leaves that share their values and are explained by them.

    `choices` is the number of combinations that a p-value of this one is corrected for.
    """

    attributes: tuple[int, ...]
    leaves: Codes
    p_value: float
    cost: float
    choices: float


@dataclass(frozen=True, slots=True)
class Found:
    """The causes, strongest first, and all other leaves.

    `ratio` is what the others share: actual for expected. `p_value` is the chance that scatter
    alone moves all of them together as far as they are from the expectation.
    """

    causes: tuple[Cause, ...]
    others: Codes
    ratio: float
    scatter: float
    p_value: float = 1.0


class Search:
    """Over all combinations; one set of cuboids serves several expectations."""

    def __init__(self, columns: Codes, losses: Losses) -> None:
        self._groups = list(cuboids(columns))
        self._losses = losses
        self._layers = max((len(group.attributes) for group in self._groups), default=1)
        self._worth = log(self._layers / SIGNIFICANCE)

    def found(self) -> Found:
        """The better of two descriptions: others as expected, or all moved by one ratio."""
        plain, shared = self._run(1.0), self._shared()
        scatter = max(min(plain.scatter, shared.scatter), _LEAST_SCATTER)
        common = self._length(shared, scatter) + log(1 / SIGNIFICANCE)
        best = shared if common < self._length(plain, scatter) else plain
        pull, weight = _evidence(self._losses.deviations(), max(best.scatter, _LEAST_SCATTER))
        total = float(weight[best.others].sum())
        gain = float(pull[best.others].sum()) ** 2 / total / 2 if total else 0.0
        return Found(best.causes, best.others, best.ratio, best.scatter, erfc(sqrt(gain)))

    def _shared(self) -> Found:
        """The others' own ratio decides what stands out, and what stands out decides the ratio."""
        scatter = relative_scatter(self._losses.deviations())
        found = self._run(self._losses.ratio(scatter))
        for _ in range(_ROUNDS):
            ratio = self._losses.of(found.others).ratio(found.scatter)
            if abs(ratio - found.ratio) <= 1e-3 * ratio:
                break
            found = self._run(ratio)
        return found

    def _length(self, found: Found, scatter: float) -> float:
        """The description's length in nats: what it misses, and what naming its causes costs."""
        length = self._losses.of(found.others).misfit(found.ratio, scatter)
        for cause in found.causes:
            own = self._losses.of(cause.leaves)
            length += own.misfit(own.ratio(scatter), scatter) + cause.cost
        return length

    def _run(self, ratio: float) -> Found:
        """What stands out from the expectation times the ratio."""
        leaves = self._losses.deviations(ratio)
        scatter = relative_scatter(leaves)
        least = scatter if scatter > _UNPREDICTED else 0.0
        pull, weight = _evidence(leaves, max(scatter, _LEAST_SCATTER))
        for group in self._groups:
            group.begin(pull, weight)
        others, causes = np.arange(len(pull)), list[Cause]()
        while len(causes) < _MOST_CAUSES and (best := self._best(least)):
            gain, group, place = best
            is_chosen = group.codes[others] == place
            chosen, others = others[is_chosen], others[~is_chosen]
            causes.append(self._cause(gain, group, chosen))
            for each in self._groups:
                each.remove(chosen, pull, weight)
        return Found(tuple(causes), others, ratio, scatter)

    def _best(self, least: float) -> tuple[float, Cuboid, int] | None:
        """The combination worth most; of equals the one with fewer attributes, then the first."""
        best, most = None, -np.inf
        for group in self._groups:
            gain, place = group.best(least)
            net = gain - group.cost
            if net > self._worth and net > most + _TIE * gain:
                best, most = (gain, group, place), net
        return best

    def _cause(self, gain: float, group: Cuboid, leaves: Codes) -> Cause:
        """Each number of attributes and each set of them has an equal share of the chance of
        error, so the p-value is corrected for how many combinations there are."""
        choices = exp(group.cost) * self._layers
        p_value = min(1.0, erfc(sqrt(gain)) * choices)
        return Cause(group.attributes, leaves, p_value, group.cost + self._worth, choices)


def _evidence(leaves: Deviations, scatter: float) -> tuple[Floats, Floats]:
    """Each leaf's pull and weight: the slope and the curvature of its log-likelihood.

    Both are sums over entries where counting is the noise, and shares of the leaf's size where
    scatter is. Neither favours leaves that chance made large.
    """
    exists = leaves.size > 0
    counting, size = leaves.step, np.where(exists, leaves.size, 1.0)
    relative = scatter**2 * size + leaves.rounding / size
    both = counting + relative
    weight = (counting * leaves.mean + relative * size) / both**2
    return np.where(exists, leaves.change / both, 0.0), np.where(exists, weight, 0.0)


def find_causes(columns: Codes, losses: Losses) -> Found:
    """What explains how `losses` differ from their expectation; `columns` as of `encoded`."""
    return Search(columns, losses).found()
