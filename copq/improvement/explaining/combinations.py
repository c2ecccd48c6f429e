"""Sums over every combination of attribute values: how strongly its leaves moved together."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb, log, prod

import numpy as np
import numpy.typing as npt

from copq.improvement.explaining.scatter import Floats

Codes = npt.NDArray[np.int64]
MOST_TOGETHER = 5
"""A combination names at most as many attributes."""
_MOST_SETS = 500
"""Sets of attributes to search; with many attributes, a combination names fewer of them."""


class Cuboid:
    """All combinations of values of some attributes.

    Of each it holds `pull`, the weighted sum of the relative changes of its leaves, and `weight`,
    the sum of their weights: `pull² / 2 weight` is the log-likelihood gained by one common shift.
    """

    def __init__(self, columns: Codes, attributes: tuple[int, ...], choices: int) -> None:
        self.attributes = attributes
        self.codes = _numbered(columns, attributes)
        sizes = [int(columns[:, a].max()) + 1 for a in attributes]
        self.cost = log(choices) + log(prod(sizes))
        """What naming one of them costs, in nats: more attributes need more evidence."""
        self.count = int(self.codes.max()) + 1
        self.pull: Floats = np.zeros(self.count)
        self.weight: Floats = np.zeros(self.count)

    def begin(self, pull: Floats, weight: Floats) -> None:
        """Sum over all leaves."""
        self.pull = np.bincount(self.codes, pull, self.count).astype(np.float64)
        self.weight = np.bincount(self.codes, weight, self.count).astype(np.float64)

    def remove(self, leaves: Codes, pull: Floats, weight: Floats) -> None:
        np.subtract.at(self.pull, self.codes[leaves], pull[leaves])
        np.subtract.at(self.weight, self.codes[leaves], weight[leaves])

    def best(self, least: float) -> tuple[float, int]:
        """The largest gain, and the combination that has it; shifts below `least` do not count."""
        shift = np.divide(
            self.pull, self.weight, out=np.zeros(self.count), where=self.weight > 1e-9
        )
        gain = np.where(np.abs(shift) >= least, shift * shift * self.weight / 2, 0.0)
        best = int(gain.argmax())
        return float(gain[best]), best


def _numbered(columns: Codes, attributes: tuple[int, ...]) -> Codes:
    """A number for each combination of values, without large gaps."""
    codes = columns[:, attributes[0]]
    for attribute in attributes[1:]:
        codes = codes * (int(columns[:, attribute].max()) + 1) + columns[:, attribute]
        if int(codes.max()) > 4 * len(columns):
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return codes


def cuboids(columns: Codes) -> Iterator[Cuboid]:
    """Every set of attributes that have more than one value, those with fewest attributes first."""
    varied = [a for a in range(columns.shape[1]) if len(columns) and columns[:, a].max() > 0]
    for together in range(1, most_together(len(varied)) + 1):
        choices = comb(len(varied), together)
        for attributes in combinations(varied, together):
            yield Cuboid(columns, attributes, choices)


def most_together(attributes: int) -> int:
    """How many of the attributes a combination may name, so that all sets can be searched."""
    most, sets = 0, 0
    while most < min(attributes, MOST_TOGETHER):
        sets += comb(attributes, most + 1)
        if most and sets > _MOST_SETS:
            break
        most += 1
    return most


def encoded(values: Sequence[Sequence[str | None]], attributes: int) -> Codes:
    """A number for each value of each attribute, a column for each attribute."""
    columns = np.zeros((len(values), attributes), dtype=np.int64)
    for attribute in range(attributes):
        column = [leaf[attribute] for leaf in values]
        numbers = {value: number for number, value in enumerate(dict.fromkeys(column))}
        columns[:, attribute] = [numbers[value] for value in column]
    return columns


def in_order(values: Sequence[Sequence[str | None]]) -> Codes:
    """The places of the leaves by their values, of the first attribute first; None before texts."""
    columns = [_ranks(column) for column in zip(*values, strict=True)]
    if not columns:
        return np.arange(len(values))
    return np.lexsort(columns[::-1])


def _ranks(column: Sequence[str | None]) -> Codes:
    by_value = sorted(set(column), key=lambda value: (value is not None, value or ""))
    ranks = {value: rank for rank, value in enumerate(by_value)}
    return np.array([ranks[value] for value in column])
