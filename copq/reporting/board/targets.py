"""The port through which the board reads targets and budgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from asyncpg import Connection

from copq.targets.book import ALL, TargetBook
from copq.targets.store import load_targets

Window = Literal["1h", "hour", "day", "month"]
"""`1h` is the last 60 minutes, `hour` an hour of the plant's clock."""

WINDOWS: tuple[Window, ...] = ("1h", "hour", "day", "month")


@dataclass(frozen=True, slots=True)
class Aims:
    """The targets of a plant (COPQ over base, 0.03 for 3 %) by line and window, and its budgets.

    The line None is the plant. A line without a target of its own has the plant's. A budget is an
    amount for a month; a line only has a budget that was set for it.
    """

    shares: Mapping[tuple[str | None, Window], Decimal] = field(default_factory=dict)
    budgets: Mapping[str | None, Decimal] = field(default_factory=dict)

    def share(self, line: str | None, window: Window) -> Decimal | None:
        """The target; None if no target is set, which is not a target of 0."""
        return self.shares.get((line, window), self.shares.get((None, window)))


class Targets(Protocol):
    async def aims(self, conn: Connection, plant: str, at: datetime) -> Aims:
        """The targets and budgets in force at an instant."""
        ...


class SetTargets:
    """The targets that were set with `copq targets`."""

    async def aims(self, conn: Connection, plant: str, at: datetime) -> Aims:
        return aims_of(await load_targets(conn, at), plant)


def aims_of(book: TargetBook, plant: str) -> Aims:
    """The targets and budgets of a plant and of its lines."""
    lines = {line for of, line, product, _ in book.ratios if of == plant and product == ALL}
    places = [(None, ALL), *((line, line) for line in sorted(lines) if line != ALL)]
    targets = {
        (shown, window): book.target(plant, line, window=window)
        for shown, line in places
        for window in WINDOWS
    }
    shares = {key: share for key, share in targets.items() if share is not None}
    return Aims(
        shares, {line or None: amount for (of, line), amount in book.budgets.items() if of == plant}
    )
