"""Losses under a name that occurs in one of two windows alone.

One long stop does not show that a rate changed, and so it is not a cause. Its reason is a name that
did not occur before, which is a fact, whatever chance has to do with it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from copq.ledger.arithmetic import MONEY, ZERO

if TYPE_CHECKING:
    from copq.improvement.explaining.explain import Leaf

LEAST_SHARE = Decimal("0.01")
"""Of the losses of its window: what costs less is not listed."""
MOST = 5


@dataclass(frozen=True, slots=True)
class OneWindow:
    """Losses of one window that the other has none of; `filters` hold all that they share."""

    filters: Mapping[str, str]
    before: Decimal
    after: Decimal
    entries_before: int
    entries_after: int

    @property
    def size(self) -> Decimal:
        return abs(self.before) + abs(self.after)


def in_one_window(
    dimensions: Sequence[str], leaves: Sequence["Leaf"], among: Collection[str]
) -> list[OneWindow]:
    """The largest first; names of the dimensions `among` count, the others only describe."""
    groups: dict[tuple[int, str], list[Leaf]] = defaultdict(list)
    for place, name in enumerate(dimensions):
        values = _one_sided(leaves, place) if name in among else set()
        for leaf in leaves if values else ():
            value = leaf.values[place]
            if value is not None and value in values:
                groups[place, value].append(leaf)
    with localcontext(MONEY):
        least = [LEAST_SHARE * abs(total) for total in _sums(leaves)]
        found = [_described(dimensions, own) for own in groups.values()]
        large = [one for one in found if one.before > least[0] or one.after > least[1]]
    large.sort(key=lambda one: (-one.size, sorted(one.filters.items())))
    return _distinct(large)[:MOST]


def _sums(leaves: Sequence["Leaf"]) -> tuple[Decimal, Decimal]:
    return sum((leaf.before for leaf in leaves), ZERO), sum((leaf.after for leaf in leaves), ZERO)


def _one_sided(leaves: Sequence["Leaf"], place: int) -> set[str | None]:
    """The names in this place that occur in one of both windows."""
    before = {leaf.values[place] for leaf in leaves if leaf.entries_before or leaf.before}
    return before ^ {leaf.values[place] for leaf in leaves if leaf.entries_after or leaf.after}


def _described(dimensions: Sequence[str], leaves: Sequence["Leaf"]) -> OneWindow:
    shared = {
        name: values[0]
        for name, values in zip(dimensions, zip(*(leaf.values for leaf in leaves), strict=True),
                                strict=True)
        if values[0] is not None and len(set(values)) == 1
    }  # fmt: skip
    return OneWindow(
        shared, *_sums(leaves), sum(leaf.entries_before for leaf in leaves),
        sum(leaf.entries_after for leaf in leaves),
    )  # fmt: skip


def _distinct(found: Sequence[OneWindow]) -> list[OneWindow]:
    """Without those that a larger one includes."""
    distinct: list[OneWindow] = []
    for one in found:
        if not any(other.filters.items() <= one.filters.items() for other in distinct):
            distinct.append(one)
    return distinct
