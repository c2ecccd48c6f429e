"""Explain a change of losses between two windows, in money that adds up to the change exactly.

    after = before + volume + mix + without a baseline + each cause + everything else

Volume and mix are what the units made explain: the expectation of a leaf is its loss before for
each unit, times the units after. The causes are the combinations of attribute values that explain
how actual losses differ from the expectation (`search`). Sums are exact rationals, rounded once;
the last cents go to the parts with the largest remainders.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from operator import itemgetter
from typing import Literal

import numpy as np

from copq.improvement.explaining.combinations import encoded
from copq.improvement.explaining.exposure import SAME, Exposure, Values
from copq.improvement.explaining.rounding import rounded_parts
from copq.improvement.explaining.scatter import Floats, Losses
from copq.improvement.explaining.search import SIGNIFICANCE, Cause, Found, find_causes
from copq.ledger.arithmetic import MONEY

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Leaf:
    """The losses of one combination of all dimensions, in both windows.

    `squares` is the sum of the squares of the entries' money: what counting alone lets it vary by.
    Zero where it is unknown; then the scatter between leaves is all that is known about noise.
    """

    values: Values
    before: Decimal
    after: Decimal
    squares_before: float = 0.0
    squares_after: float = 0.0
    entries_before: int = 0
    entries_after: int = 0

    def plus(self, other: "Leaf") -> "Leaf":
        return Leaf(
            self.values, self.before + other.before, self.after + other.after,
            self.squares_before + other.squares_before, self.squares_after + other.squares_after,
            self.entries_before + other.entries_before, self.entries_after + other.entries_after,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A combination of attribute values, its share of the change, and the evidence.

    `filters` select its entries; those that also match a combination in `besides` belong to that
    part, which has the stronger evidence. Rates are losses for each unit made. `p_value` is
    corrected for `choices` combinations. It takes entries as independent, or days: `p_value_by`.
    """

    filters: Mapping[str, str | None]
    besides: tuple[Mapping[str, str | None], ...]
    money: Decimal
    before: Decimal
    expected: Fraction
    after: Decimal
    units_before: Fraction
    units_after: Fraction
    entries_before: int
    entries_after: int
    p_value: float
    choices: float
    p_value_by: Literal["days", "entries"] = "entries"

    @property
    def is_certain(self) -> bool:
        return self.p_value < SIGNIFICANCE

    def has(self, values: Mapping[str, str | None]) -> bool:
        """Whether losses with these values are its own."""
        return self.filters.items() <= values.items() and not any(
            other.items() <= values.items() for other in self.besides
        )

    @property
    def rate_before(self) -> Fraction | None:
        return Fraction(self.before) / self.units_before if self.units_before else None

    @property
    def rate_after(self) -> Fraction | None:
        return Fraction(self.after) / self.units_after if self.units_after else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A change of losses in parts that add up to `total`, each rounded to the same unit.

    `everything_else` is what no part explains, and `p_value` the chance of such a common shift of
    all other leaves by scatter alone.
    """

    before: Decimal
    after: Decimal
    total: Decimal
    volume: Decimal
    mix: Decimal
    without_baseline: Decimal
    parts: tuple[Part, ...]
    everything_else: Decimal
    p_value: float

    @property
    def is_unexplained(self) -> bool:
        """Nothing in the recorded dimensions explains what volume and mix leave."""
        return not self.parts

    @property
    def is_common(self) -> bool:
        """Everything else moved alike, by more than its scatter."""
        return self.p_value < SIGNIFICANCE


def explain(
    dimensions: Sequence[str],
    leaves: Iterable[Leaf],
    exposure: Exposure = SAME,
    unit: Decimal = CENT,
) -> Explanation:
    """Why the losses of `leaves` changed. Rows with equal values are summed; order is irrelevant.

    With `SAME` as exposure, `before` is the expectation.
    """
    with localcontext(MONEY):
        return _Change(tuple(dimensions), _merged(leaves), exposure).explained(unit)


def _merged(leaves: Iterable[Leaf]) -> list[Leaf]:
    found: dict[Values, Leaf] = {}
    for leaf in leaves:
        found[leaf.values] = found[leaf.values].plus(leaf) if leaf.values in found else leaf
    return [found[values] for values in sorted(found, key=_order)]


def _order(values: Values) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, value or "") for value in values)


def _picked(places: Sequence[int]) -> Callable[[Leaf], Values]:
    """The values of a leaf in these places. Of many leaves, so as fast as it can be."""
    if len(places) < 2:
        return lambda leaf: tuple(leaf.values[place] for place in places)
    pick = itemgetter(*places)
    return lambda leaf: pick(leaf.values)


class _Change:
    def __init__(self, dimensions: tuple[str, ...], leaves: list[Leaf], exposure: Exposure) -> None:
        self.dimensions, self.exposure = dimensions, exposure
        places = [dimensions.index(name) for name in exposure.dimensions]
        self._group = _picked(places)
        self._growths = {group: self._growth(group) for group in set(map(self._group, leaves))}
        self.new = [leaf for leaf in leaves if self._growths[self._group(leaf)] is None]
        self.leaves = [leaf for leaf in leaves if self._growths[self._group(leaf)] is not None]

    def _growth(self, group: Values) -> Fraction | None:
        return self.exposure.growth(dict(zip(self.exposure.dimensions, group, strict=True)))

    def growth(self, leaf: Leaf) -> Fraction:
        return self._growths[self._group(leaf)] or Fraction(0)

    def explained(self, unit: Decimal) -> Explanation:
        found = self._found()
        chosen = [[self.leaves[i] for i in cause.leaves] for cause in found.causes]
        expected = self._expected(self.leaves)
        before = _before(self.leaves)
        volume = before * ((self.exposure.growth({}) or Fraction(1)) - 1)
        changes = [_after(leaves) - self._expected(leaves) for leaves in chosen]
        exact = [volume, expected - before - volume, _after(self.new) - _before(self.new), *changes]
        rest = _after(self.leaves) - expected - sum(changes)
        money = rounded_parts([*exact, rest], unit)
        parts = self._parts(found.causes, chosen, money[3:-1])
        everything = self.leaves + self.new
        return Explanation(
            before=_sum(leaf.before for leaf in everything),
            after=_sum(leaf.after for leaf in everything),
            total=_sum(money),
            volume=money[0],
            mix=money[1],
            without_baseline=money[2],
            parts=parts,
            everything_else=money[-1],
            p_value=found.p_value,
        )

    def _found(self) -> Found:
        columns = encoded([leaf.values for leaf in self.leaves], len(self.dimensions))
        return find_causes(columns, self._losses())

    def _losses(self) -> Losses:
        before = _floats(float(leaf.before) for leaf in self.leaves)
        after = _floats(float(leaf.after) for leaf in self.leaves)
        squares = _floats(leaf.squares_before + leaf.squares_after for leaf in self.leaves)
        money = np.abs(before) + np.abs(after)
        growth = _floats(float(self.growth(leaf)) for leaf in self.leaves)
        entry = np.divide(squares, money, out=np.zeros(len(money)), where=money > 0)
        return Losses(before, after, growth, entry, _last_digit(self.leaves))

    def _expected(self, leaves: list[Leaf]) -> Fraction:
        """Exact; summed by group first, since fractions are slow."""
        groups: dict[Values, Decimal] = {}
        for leaf in leaves:
            group = self._group(leaf)
            groups[group] = groups.get(group, Decimal(0)) + leaf.before
        return sum(
            (Fraction(money) * (self._growths[group] or 0) for group, money in groups.items()),
            Fraction(0),
        )

    def _parts(
        self, causes: Sequence[Cause], chosen: list[list[Leaf]], money: Sequence[Decimal]
    ) -> tuple[Part, ...]:
        filters = [
            {self.dimensions[a]: leaves[0].values[a] for a in cause.attributes}
            for cause, leaves in zip(causes, chosen, strict=True)
        ]
        parts = [
            self._part(cause, filters[i], tuple(filters[:i]), chosen[i], money[i])
            for i, cause in enumerate(causes)
        ]
        return tuple(sorted(parts, key=lambda part: -abs(part.money)))

    def _part(
        self, cause: Cause, filters: Mapping[str, str | None],
        stronger: tuple[Mapping[str, str | None], ...], leaves: list[Leaf], money: Decimal,
    ) -> Part:  # fmt: skip
        units_before, units_after = self.exposure.of(filters)
        return Part(
            filters, tuple(other for other in stronger if _overlap(filters, other)), money,
            _sum(leaf.before for leaf in leaves), self._expected(leaves),
            _sum(leaf.after for leaf in leaves), units_before, units_after,
            sum(leaf.entries_before for leaf in leaves), sum(leaf.entries_after for leaf in leaves),
            cause.p_value, cause.choices,
        )  # fmt: skip


def _overlap(some: Mapping[str, str | None], other: Mapping[str, str | None]) -> bool:
    return all(some[name] == other[name] for name in some.keys() & other.keys())


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _before(leaves: list[Leaf]) -> Fraction:
    return Fraction(_sum(leaf.before for leaf in leaves))


def _after(leaves: list[Leaf]) -> Fraction:
    return Fraction(_sum(leaf.after for leaf in leaves))


def _floats(values: Iterable[float]) -> Floats:
    return np.fromiter(values, dtype=np.float64)


def _last_digit(leaves: list[Leaf]) -> float:
    """What the finest figure is rounded to."""
    exponents = [
        int(amount.as_tuple().exponent) for leaf in leaves for amount in (leaf.before, leaf.after)
    ]
    return float(Decimal(1).scaleb(min(exponents, default=0)))
