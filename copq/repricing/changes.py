"""The changes of a repricing, summed by plant, product, month, currency and kind of cost."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from copq.ledger.arithmetic import MONEY


@dataclass(frozen=True, slots=True)
class Change:
    """Net money taken back and booked again in a month of production days, and what the base (cost
    of production) becomes more by. `product` is empty where entries have none. `kind` keeps failure
    apart from what prevents it: `copq`, `other CoQ` (appraisal and prevention) or `base`."""

    plant: str
    product: str
    month: date
    currency: str
    kind: str
    events: int
    reversed: Decimal
    booked: Decimal
    base: Decimal

    @property
    def delta(self) -> Decimal:
        with localcontext(MONEY):
            return self.booked - self.reversed

    @property
    def key(self) -> tuple[Any, ...]:
        return self.plant, self.product, self.month, self.currency, self.kind


def sum_changes(changes: Iterable[Change]) -> list[Change]:
    """One sum for each key, in order."""
    found: dict[tuple[Any, ...], Change] = {}
    with localcontext(MONEY):
        for change in changes:
            before = found.get(change.key)
            found[change.key] = _add(before, change) if before else change
    return [found[key] for key in sorted(found)]


def _add(one: Change, other: Change) -> Change:
    return replace(
        one, events=one.events + other.events, reversed=one.reversed + other.reversed,
        booked=one.booked + other.booked, base=one.base + other.base,
    )  # fmt: skip
