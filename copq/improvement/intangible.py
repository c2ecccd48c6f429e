"""Losses that are shown next to money and never added to it: control and reputation.

"The cost of un-quality": a problem also takes control from management, and reputation from the
firm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from copq.ledger.arithmetic import ZERO, quotient
from copq.ledger.kpis import ratio
from copq.schemas.events import Grades

ASPECTS = tuple(Grades.model_fields)
"""What a complaint is graded by, from 1 (slight) to 5 (grave)."""


@dataclass(frozen=True, slots=True)
class Control:
    """How often something got out of control, as counts: never negative."""

    interventions: int = 0
    """Of management."""

    wrong_routings: int = 0
    other_master_data: int = 0
    """Errors in master data other than routings."""

    def __post_init__(self) -> None:
        if min(self.interventions, self.wrong_routings, self.other_master_data) < 0:
            raise ValueError("a count of losses of control is less than zero: give 0 or more")

    @property
    def total(self) -> int:
        return self.interventions + self.wrong_routings + self.other_master_data

    def plus(self, other: "Control") -> "Control":
        """Both together."""
        return Control(
            self.interventions + other.interventions,
            self.wrong_routings + other.wrong_routings,
            self.other_master_data + other.other_master_data,
        )

    def share_of(self, whole: "Control") -> Decimal | None:
        """The part of all losses of control, to nine decimals; None if there are none."""
        return ratio(Decimal(self.total), Decimal(whole.total))


@dataclass(frozen=True, slots=True)
class Reputation:
    """The grades of complaints: of each aspect how many there are, their sum and the highest."""

    counts: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, int] = field(default_factory=dict)
    highest: Mapping[str, int] = field(default_factory=dict)
    complaints: int = 0
    """That have a grade."""

    @property
    def means(self) -> dict[str, Decimal]:
        """The mean grade of each aspect that has one, to nine decimals."""
        return {
            name: quotient(Decimal(self.sums[name]), Decimal(count))
            for name, count in self.counts.items()
        }

    @property
    def worst(self) -> Decimal:
        """The highest mean of an aspect; zero without a grade. It orders problems, no more."""
        return max(self.means.values(), default=ZERO)
