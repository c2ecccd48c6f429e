"""What a project is compared with: the baseline, and the part of the ledger it follows from."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from copq.ledger.arithmetic import ZERO


@dataclass(frozen=True, slots=True)
class BaselineCell:
    """The baseline of a product on a line; an empty name stands for losses that have none."""

    line: str
    product: str
    booked: Decimal
    at_frozen_rates: Decimal
    exposure: Decimal


@dataclass(frozen=True, slots=True)
class Baseline:
    """The baseline of a plan, by line and product.

    `left_as_booked` counts events whose cost at frozen rates is not known, so that it is what was
    booked. `other_currencies` are those of losses that are in no cell.
    """

    months: Fraction
    cells: tuple[BaselineCell, ...]
    left_as_booked: int = 0
    other_currencies: frozenset[str] = frozenset()

    @property
    def booked(self) -> Decimal:
        return _sum(cell.booked for cell in self.cells)

    @property
    def at_frozen_rates(self) -> Decimal:
        return _sum(cell.at_frozen_rates for cell in self.cells)

    @property
    def has_production(self) -> bool:
        return any(cell.exposure > 0 for cell in self.cells)

    @property
    def a_month(self) -> Fraction:
        """The mean loss of a month, as booked."""
        return Fraction(self.booked) / self.months


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


@dataclass(frozen=True, slots=True)
class RateVersion:
    """A rate that priced the baseline: of which revision it is, and a digest of what it says."""

    kind: str
    name: str
    revision: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """The entries of a scope and of its exposure: how many, and a digest of all of them."""

    entries: int
    sha256: str
