"""The entries that would differ: as booked, and as they would have been."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from copq.improvement.what_if.changed_events import Left
from copq.ledger.arithmetic import MONEY, ZERO, hours_of

_OF_ENTRY = (
    "event_id", "entry_no", "occurred_at", "day", "plant", "line", "product", "stage", "work_unit",
    "defect_code", "shift", "supplier", "element", "category", "currency",
)  # fmt: skip
_FIGURES = ("booked", "changed", "difference", "booked_hours", "changed_hours")
ENTRY_COLUMNS = (*_OF_ENTRY, *_FIGURES, "entries", "command")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedEntry:
    """An entry whose net cost or lost time would differ. `entry_no` is None if it is not booked.

    What it would have been is of the same place and day.
    """

    event_id: str
    entry_no: int | None
    occurred_at: datetime
    day: date
    plant: str
    line: str
    product: str | None
    stage: str | None
    work_unit: str | None
    defect_code: str | None
    shift: str | None
    supplier: str | None
    element: str
    category: str
    currency: str
    booked: Decimal
    changed: Decimal
    booked_seconds: Decimal = ZERO
    changed_seconds: Decimal = ZERO
    group: str | None = None
    """The product's group on the day, if the question is about groups."""

    @property
    def difference(self) -> Decimal:
        return MONEY.subtract(self.changed, self.booked)

    @property
    def command(self) -> str:
        """The command that explains the booked entry."""
        return shlex.join(["copq", "explain", f"{self.event_id}#{self.entry_no}"])

    def as_json(self) -> dict[str, Any]:
        """The columns of `ENTRY_COLUMNS`. `entries` is the address of the booked ones."""
        address = "/v1/entries?" + urlencode({"event_id": self.event_id})
        hours = hours_of(self.booked_seconds), hours_of(self.changed_seconds)
        figures = (self.booked, self.changed, self.difference, *hours)
        return {
            **{name: getattr(self, name) for name in _OF_ENTRY},
            **dict(zip(_FIGURES, figures, strict=True)),
            "entries": None if self.entry_no is None else address,
            "command": None if self.entry_no is None else self.command,
        }  # fmt: skip


def changed_entry(
    booked: Mapping[str, Any], changed: Decimal, changed_seconds: Decimal
) -> ChangedEntry:
    """A booked entry, and what it would have been."""
    return ChangedEntry(
        **{name: booked[name] for name in _OF_ENTRY}, booked=booked["net"], changed=changed,
        booked_seconds=booked["seconds"], changed_seconds=changed_seconds,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeptCost:
    """What an entry would have cost, kept before the bytes of its event were dropped."""

    net: Decimal
    recovered: Decimal
    seconds: Decimal = ZERO


Kept = Mapping[tuple[str, str], KeptCost]
"""By event and element."""


@dataclass(slots=True)
class Differences:
    """The entries that would differ, and how many events each change named.

    `left` counts the events that a change names and that stay as they are, by the number of the
    change and the reason; `left_on` by the production day and the reason.
    """

    entries: list[ChangedEntry] = field(default_factory=list)
    named: Counter[int] = field(default_factory=Counter)
    left: Counter[tuple[int, Left]] = field(default_factory=Counter)
    left_on: Counter[tuple[date, Left]] = field(default_factory=Counter)
    recovered: dict[Any, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By dispatch of a day: what its recoverable rejects would be more worth."""

    recovered_before: dict[Any, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By dispatch of a day: what the rejects that were looked at are worth as booked."""

    def add(self, entries: Iterable[ChangedEntry]) -> None:
        self.entries += (
            one for one in entries
            if one.booked != one.changed or one.booked_seconds != one.changed_seconds
        )  # fmt: skip

    def recover(self, row: Mapping[str, Any], day: Any, now: Decimal) -> None:
        """Count what a recoverable reject would be worth in the dispatch of a day."""
        self.recovered[day] += now - row["recovered"]

    def leave(self, numbers: Iterable[int], reason: Left, day: date) -> None:
        """Count an event that stays as it is."""
        self.left.update((number, reason) for number in numbers)
        self.left_on[day, reason] += 1
