"""The basis of a figure: the ledger now, as first reported, or as of an instant."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class As(StrEnum):
    RESTATED = "restated"
    FIRST_REPORTED = "first-reported"


AS_OF = "as-of"


@dataclass(frozen=True, slots=True)
class Basis:
    """Each month as first reported or as restated. With `as_of`, only what was booked by then."""

    reported: As = As.RESTATED
    as_of: datetime | None = None

    def __str__(self) -> str:
        if self.as_of is not None:
            return f"the ledger as of {self.as_of.isoformat(timespec='seconds')}"
        return f"as {self.reported.replace('-', ' ')}"

    @property
    def kind(self) -> str:
        """The basis in one word: restated, first-reported or as-of."""
        return AS_OF if self.as_of is not None else self.reported

    @property
    def is_live(self) -> bool:
        """Whether open stops count until now."""
        return self.as_of is None


RESTATED = Basis()


def basis_of(reported: str, as_of: datetime | None, now: datetime) -> Basis:
    """The basis of these options. Raises `ValueError` on a contradiction or an instant in the
    future."""
    try:
        basis = Basis(As(reported), as_of)
    except ValueError:
        raise ValueError(f'"{reported}" is none of {", ".join(As)}') from None
    if as_of is None:
        return basis
    if basis.reported is As.FIRST_REPORTED:
        raise ValueError(
            "first-reported figures are the same at any instant: leave out as or as_of"
        )
    if as_of > now:
        raise ValueError("as_of is in the future: name an instant up to now")
    return basis
