"""The port through which the board learns what COPQ may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from asyncpg import Connection

Window = Literal["hour", "day", "month"]


@dataclass(frozen=True, slots=True)
class Aims:
    """The targets of a plant: COPQ over base (0.03 for 3 %) by line and window.

    The line None is the plant. A line without a target of its own has the plant's.
    """

    shares: Mapping[tuple[str | None, Window], Decimal] = field(default_factory=dict)

    def share(self, line: str | None, window: Window) -> Decimal | None:
        """None where no target is set: that is a state of its own, no target of 0."""
        return self.shares.get((line, window), self.shares.get((None, window)))


class Targets(Protocol):
    async def aims(self, conn: Connection, plant: str, at: datetime) -> Aims:
        """What is in force at that instant."""
        ...


class NoTargets:
    """Nobody has set any."""

    async def aims(self, conn: Connection, plant: str, at: datetime) -> Aims:
        return Aims()
