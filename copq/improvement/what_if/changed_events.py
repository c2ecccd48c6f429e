"""An event as it would have been: with a share of its amounts, at an earlier stage, or not at all.

Every event of a halved defect keeps half of its quantity: no event is chosen by chance, so the
answer is exact and always the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from copq.improvement.what_if.changes import MOVED, EventChange
from copq.ledger.arithmetic import MONEY
from copq.schemas.decode import with_fields

_AMOUNTS = ("quantity", "scrapped", "minutes", "out_of_pocket", "credit", "transport", "travel")

Stages = Callable[[Any], Sequence[str]]
"""The stages of an event's product, in the order of the process; empty without a cost table."""


class Left(StrEnum):
    """Why a change leaves an event as it is."""

    NO_STAGE = "the product's cost table does not have the stage"
    NOT_EARLIER = "they are found at the stage or before it already"
    NO_BYTES = "a retention has dropped their bytes, so they cannot be priced again"
    NOT_AS_BOOKED = "their booked cost does not follow from the rate book; see copq verify"
    NO_PRICE = "the rate book would have no price for them"


@dataclass(frozen=True, slots=True)
class ChangedEvent:
    """The event as it would have been; None if it would not have happened.

    `by` are the changes that applied, by number; `left` why others did not.
    """

    event: Any
    by: tuple[int, ...] = ()
    left: Mapping[int, Left] = field(default_factory=dict)


def change_event(event: Any, changes: Mapping[int, EventChange], stages: Stages) -> ChangedEvent:
    """Apply the numbered changes that name the event, in their order."""
    by: list[int] = []
    left: dict[int, Left] = {}
    for number, change in changes.items():
        if not names_event(change, event):
            continue
        reason = None if change.stage is None else _why_not(event, change.stage, stages(event))
        if reason is not None:
            left[number] = reason
            continue
        by.append(number)
        if not change.factor and change.stage is None:
            return ChangedEvent(None, tuple(by), left)
        event = with_fields(event, _update(event, change))
    return ChangedEvent(event, tuple(by), left)


def names_event(change: EventChange, event: Any) -> bool:
    """Whether the event has all names of the change."""
    if change.stage is not None and event.event_type not in MOVED:
        return False
    return all(getattr(event, field) == name for field, name in change.names.items())


def _why_not(event: Any, stage: str, stages: Sequence[str]) -> Left | None:
    """Why detection cannot move to the stage; a reject without a stage is found as finished."""
    if stage not in stages:
        return Left.NO_STAGE
    now = stages[-1] if event.stage is None else event.stage
    is_earlier = now in stages and stages.index(stage) < stages.index(now)
    return None if is_earlier else Left.NOT_EARLIER


def _update(event: Any, change: EventChange) -> dict[str, Any]:
    if change.stage is not None:
        return {"stage": change.stage}
    assert change.factor is not None
    known = {name: getattr(event, name, None) for name in _AMOUNTS}
    return {
        name: MONEY.multiply(amount, change.factor)
        for name, amount in known.items()
        if isinstance(amount, Decimal)
    }
