"""Where accepted events go: the port that HTTP, files and tests hand their events to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from schemas.refusal import Refusal
from services.ingest.sender import ANYONE, Sender


class Status(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """Its id was there before: nothing changed."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one event; `refusal` is there when it was refused."""

    status: Status
    event_id: str | None = None
    refusal: Refusal | None = None
    note: str | None = None
    """Of an accepted event: why it has no price yet, where that is known."""


class Unavailable(Exception):
    """Nothing of the batch is known to be stored: send all of it again later."""

    def __init__(self, what: str, retry_after: int = 5) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class Intake(Protocol):
    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        """Store the events and answer for each, in order. What `sender` may not report is refused.

        Returning means that every event not refused is safe: acknowledged by the broker, or
        committed. Raises `Unavailable` where that cannot be said; sending all again does no harm.
        """
        ...


class KeepingIntake(Intake, Protocol):
    """An intake that also keeps messages of other forms, which make no event."""

    async def refuse(self, refused: list[tuple[Refusal, bytes]]) -> None:
        """Keep these messages, each with why it is refused. Raises `Unavailable` as `accept`."""
        ...
