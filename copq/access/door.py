"""The door that every request passes: who sends it, what it may do, how much it may send."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from copq.access.sender import ANYONE, Sender


class Role(StrEnum):
    OPERATOR = "operator"
    """Sends events and sees what became of its own; no cost, no other data."""
    MANAGER = "manager"
    """Reads results; runs improvement projects and claims their savings."""
    FINANCE = "finance"
    """Sets rates, closes periods, approves projects and validates savings; reads results."""
    ADMIN = "admin"
    """Grants access; touches no money."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """The sender that was admitted."""

    role: Role
    sender: Sender
    local_names_only: bool = False
    """The service is open to everybody on this machine: requests must name this machine."""


class NotAdmitted(Exception):
    """No token has these credentials: 401."""


class NotAllowed(Exception):
    """The bearer is known, and its role does not allow it: 403."""


class TooMuch(Exception):
    """The bearer is over its limit: 429, and when to try again."""

    def __init__(self, what: str, retry_after: int) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class Door(Protocol):
    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        """The bearer of the token. Raises `NotAdmitted`, or `NotAllowed` outside of `roles`.

        Also raises `Unavailable` if the token cannot be checked now.
        """
        ...

    def knows(self, token: str | None) -> bool:
        """Whether `admit` answers at once; otherwise it waits for Postgres."""
        ...

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        """Count what the bearer sends (`size` in bytes). Raises `TooMuch` over its limit."""
        ...


class OpenDoor:
    """For your own machine: every request may do everything."""

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        return Bearer(Role.ADMIN, ANYONE)

    def knows(self, token: str | None) -> bool:
        return True

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        """Nothing is counted."""
