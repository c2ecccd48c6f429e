"""What readers of messages take and give."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from copq.schemas.refusal import Refusal, Refused, printable_name

encode_event = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Message:
    """A message as received. `fields` are the levels that its topic's pattern names."""

    topic: str
    payload: bytes
    fields: dict[str, str]
    now: datetime
    retained: bool = False


class Command(NamedTuple):
    """A message to be published in answer."""

    topic: str
    payload: bytes


@dataclass(slots=True)
class Read:
    """The content of a message: events as bytes of JSON objects, and commands to send back."""

    events: list[bytes] = field(default_factory=list)
    outcome: str = "events"
    """`noted`: it makes no event by itself; `ignored`: it is about something else."""
    commands: list[Command] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """For the log."""
    refused: list[tuple[Refusal, bytes | None]] = field(default_factory=list)
    """Refused parts of the message, with their bytes if they have any; other parts count."""
    uncounted: list[tuple[str, str]] = field(default_factory=list)
    """Readings that add nothing, or not yet: a code and a sentence."""

    def refuse(self, refusal: Refusal, raw: bytes | None = None) -> None:
        self.refused.append((refusal, raw))

    def add(self, event: dict[str, Any]) -> None:
        """Fields of None are left out."""
        self.events.append(encode_event({k: v for k, v in event.items() if v is not None}))


NOTED, IGNORED = "noted", "ignored"


def refused(code: str, field: str, message: str) -> Refused:
    """An error to raise: the part that cannot be read, and what to do."""
    return Refused(Refusal(code, printable_name(field), message))
