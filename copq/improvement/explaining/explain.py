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

from copq.improvement.explaining.combinations import encoded, in_order
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
    merged = list(found.values())
    return [merged[place] for place in in_order(list(found)).tolist()]


def _picked(places: Sequence[int]) -> Callable[[Values], Values]:
    """The values in these places. Of many leaves, so as fast as it can be."""
    if len(places) < 2:
        return lambda values: tuple(values[place] for place in places)
    return itemgetter(*places)


class _Change:
    def __init__(self, dimensions: tuple[str, ...], leaves: list[Leaf], exposure: Exposure) -> None:
        self.dimensions, self.exposure = dimensions, exposure
        places = [dimensions.index(name) for name in exposure.dimensions]
        self._pick = _picked(places)
        groups = self._groups(leaves)
        growths = {group: self._growth(group) for group in set(groups)}
        self._growths = {group: own for group, own in growths.items() if own is not None}
        both = list(zip(leaves, groups, strict=True))
        self.new = [leaf for leaf, group in both if group not in self._growths]
        self.leaves = [leaf for leaf, group in both if group in self._growths]

    def _groups(self, leaves: list[Leaf]) -> list[Values]:
        """Of each leaf, which of the groups of units measures it."""
        return [self._pick(leaf.values) for leaf in leaves]

    def _growth(self, group: Values) -> Fraction | None:
        return self.exposure.growth(dict(zip(self.exposure.dimensions, group, strict=True)))

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
        before = _floats([float(leaf.before) for leaf in self.leaves])
        after = _floats([float(leaf.after) for leaf in self.leaves])
        squares = _floats([leaf.squares_before + leaf.squares_after for leaf in self.leaves])
        money = np.abs(before) + np.abs(after)
        growths = {group: float(growth) for group, growth in self._growths.items()}
        growth = _floats([growths[group] for group in self._groups(self.leaves)])
        entry = np.divide(squares, money, out=np.zeros(len(money)), where=money > 0)
        digit = float(Decimal(1).scaleb(last_digit(self.leaves)))
        return Losses(before, after, growth, entry, digit)

    def _expected(self, leaves: list[Leaf]) -> Fraction:
        """Exact; summed by group first, since fractions are slow."""
        groups: dict[Values, Decimal] = {}
        for leaf, group in zip(leaves, self._groups(leaves), strict=True):
            groups[group] = groups.get(group, Decimal(0)) + leaf.before
        return sum(
            (Fraction(money) * self._growths[group] for group, money in groups.items()),
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


def _floats(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)


def last_digit(leaves: Sequence[Leaf]) -> int:
    """The exponent of the last digit of any amount.

    That of an exact sum is the least of its terms; to ask each of many amounts takes long.
    """
    if not leaves:
        return 0
    with localcontext(MONEY):
        first, *others = leaves
        before = sum((leaf.before for leaf in others), first.before)
        both = sum((leaf.after for leaf in leaves), before)
    return int(both.as_tuple().exponent)
