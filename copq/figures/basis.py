"""What a figure stands on: the ledger as it is, as it was first reported, or as of an instant."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class As(StrEnum):
    RESTATED = "restated"
    FIRST_REPORTED = "first-reported"


AS_OF = "as-of"


@dataclass(frozen=True, slots=True)
class Basis:
    """Each month as first reported or as restated; `as_of`: what was booked by then, restated."""

    reported: As = As.RESTATED
    as_of: datetime | None = None

    def __str__(self) -> str:
        if self.as_of is not None:
            return f"as the ledger said at {self.as_of.isoformat(timespec='seconds')}"
        return f"as {self.reported.replace('-', ' ')}"

    @property
    def kind(self) -> str:
        """In one word: which of the three it is."""
        return AS_OF if self.as_of is not None else self.reported

    @property
    def is_live(self) -> bool:
        """Whether stops still open count until now."""
        return self.as_of is None


RESTATED = Basis()


def basis_of(reported: str, as_of: datetime | None, now: datetime) -> Basis:
    """Raises `ValueError` on what makes no sense."""
    try:
        found = Basis(As(reported), as_of)
    except ValueError:
        raise ValueError(f'"{reported}" is none of {", ".join(As)}') from None
    if as_of is None:
        return found
    if found.reported is As.FIRST_REPORTED:
        raise ValueError("what was first reported is the same at any instant: leave one out")
    if as_of > now:
        raise ValueError("as of an instant to come nobody knows what the ledger says")
    return found
