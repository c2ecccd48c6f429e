"""The target in force: the most specific one. Pure functions of values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

ALL = ""
"""Of a plant, line, product or window that a target does not name; of the budget of COPQ."""

Key = tuple[str, str, str, str]
"""Plant, line, product, window."""


@dataclass(frozen=True, slots=True)
class SetTarget:
    """A target as it was set; the ratio is None if it was withdrawn."""

    plant: str
    line: str
    product: str
    window: str
    effective_from: datetime
    ratio: Decimal | None


@dataclass(frozen=True, slots=True)
class SetBudget:
    """The budget of a month, of a line or of the whole plant: of a category, or of COPQ."""

    plant: str
    line: str
    category: str
    effective_from: datetime
    amount: Decimal | None


class Standing(StrEnum):
    """What a target or budget is at an instant."""

    IN_FORCE = "in force"
    LATER = "later"
    """It begins later."""

    PAST = "past"
    """Another one has taken its place."""


@dataclass(frozen=True, slots=True)
class TargetBook:
    """The targets and budgets in force at one instant."""

    ratios: dict[Key, Decimal] = field(default_factory=dict)
    budgets: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """Of COPQ, by plant and line."""

    categories: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    """By plant, line and category."""

    def target(
        self, plant: str, line: str = ALL, product: str = ALL, window: str = ALL
    ) -> Decimal | None:
        """The most specific target, a share of the base.

        One of the product comes before one of the line, that before one of the plant, and among
        those alike one of the window before one of all windows.
        """
        if not self.ratios:
            return None
        for p in dict.fromkeys((product, ALL)):
            for where in dict.fromkeys(((plant, line), (plant, ALL), (ALL, ALL))):
                for w in dict.fromkeys((window, ALL)):
                    found = self.ratios.get((*where, p, w))
                    if found is not None:
                        return found
        return None


def in_force(
    targets: Iterable[SetTarget], budgets: Iterable[SetBudget], now: datetime
) -> TargetBook:
    """The book at `now`. Both lists are in the order of setting: the last one counts."""
    newest: dict[Key, SetTarget] = {}
    for target in targets:
        key = (target.plant, target.line, target.product, target.window)
        if target.effective_from <= now and _supersedes(target, newest.get(key)):
            newest[key] = target
    spent: dict[tuple[str, str, str], SetBudget] = {}
    for budget in budgets:
        of = (budget.plant, budget.line, budget.category)
        if budget.effective_from <= now and _supersedes(budget, spent.get(of)):
            spent[of] = budget
    amounts = {of: found.amount for of, found in spent.items() if found.amount is not None}
    return TargetBook(
        {key: found.ratio for key, found in newest.items() if found.ratio is not None},
        {of[:2]: amount for of, amount in amounts.items() if of[2] == ALL},
        {of: amount for of, amount in amounts.items() if of[2] != ALL},
    )


def standings(items: Sequence[SetTarget | SetBudget], now: datetime) -> list[Standing]:
    """What each item is at `now`; items are in the order of setting. One that takes the figure away
    may be in force, too."""
    counts: dict[Any, int] = {}
    newest: dict[Any, int] = {}
    for place, item in enumerate(items):
        scope = scope_of(item)
        counts[scope, item.effective_from] = place
        known = items[newest[scope]] if scope in newest else None
        if item.effective_from <= now and _supersedes(item, known):
            newest[scope] = place
    return [
        Standing.IN_FORCE if newest.get(scope_of(item)) == place
        else Standing.LATER
        if item.effective_from > now and counts[scope_of(item), item.effective_from] == place
        else Standing.PAST
        for place, item in enumerate(items)
    ]  # fmt: skip


def scope_of(item: SetTarget | SetBudget) -> tuple[str, ...]:
    """What it is for."""
    if isinstance(item, SetTarget):
        return item.plant, item.line, item.product, item.window
    return item.plant, item.line, item.category


def _supersedes(later: SetTarget | SetBudget, known: SetTarget | SetBudget | None) -> bool:
    return known is None or later.effective_from >= known.effective_from
