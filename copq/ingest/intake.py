"""The port to which HTTP, MQTT, files and tests pass their events."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from copq.access.sender import ANYONE, Sender
from copq.schemas.refusal import Refusal


class Status(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """Its id was there before: nothing changed."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one event; `refusal` is set if it was refused."""

    status: Status
    event_id: str | None = None
    refusal: Refusal | None = None
    note: str | None = None
    """Why an accepted event has no price yet, if known."""


class Intake(Protocol):
    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        """Store and answer the events, in order. Refuses those that `sender` may not report.

        Returning means that every event not refused is safe: acknowledged by the broker, or
        committed. Raises `Unavailable` where that cannot be said; sending all again does no harm.
        """
        ...
