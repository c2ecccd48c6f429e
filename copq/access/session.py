"""A person's session: random bytes, kept as a hash. Time ends it, or the person, or an admin."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from copq.access.door import Role
from copq.access.sender import Lines, lines_in

PREFIX = "copqs_"
"""Recognisable for scanners of logs; no token begins so."""

_LONGEST = 128


class State(StrEnum):
    OPEN = "open"
    ENDED = "ended"
    IDLE = "idle"
    """It was not used for so long that it is over."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in: the provider's issuer and subject, and the name here."""

    issuer: str
    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class Access:
    """What a person may do: the role, and the lines (None: all)."""

    role: Role
    lines: Lines | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is stored."""

    number: int
    person: Person
    access: Access
    created_at: datetime
    expires_at: datetime
    idle: timedelta
    last_used_at: datetime
    ended_at: datetime | None
    ended_by: str | None

    def state(self, now: datetime) -> State:
        if self.ended_at is not None:
            return State.ENDED
        if self.expires_at <= now:
            return State.EXPIRED
        return State.IDLE if self.last_used_at + self.idle <= now else State.OPEN


def new_session_id() -> str:
    """The text of a cookie: 256 random bits."""
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def is_session_id(text: str | None) -> bool:
    return text is not None and text.startswith(PREFIX) and len(text) <= _LONGEST


def session_of(row: Any) -> Session:
    lines = lines_in(row["lines"])
    return Session(
        row["session"], Person(row["issuer"], row["subject"], row["name"]),
        Access(Role(row["role"]), lines), row["created_at"], row["expires_at"],
        timedelta(seconds=row["idle_s"]), row["last_used_at"], row["ended_at"], row["ended_by"],
    )  # fmt: skip
