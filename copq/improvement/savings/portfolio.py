"""What became of promises: from what projects promised to what finance has validated.

Benefits of a type that does not count are shown apart and never in these sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, localcontext
from typing import Self

from copq.improvement.projects.plan import BenefitType
from copq.ledger.arithmetic import MONEY, ZERO, quotient

COUNTED = (BenefitType.HARD,)
"""The types that count unless others are asked for: what changes the budget."""

STEPS = (
    "not_measured", "off_promise", "overlap", "other_types", "not_claimed", "reduced", "rejected",
    "waiting",
)  # fmt: skip
"""The steps of a waterfall, in their order."""


class Sums:
    """Sums that are added field by field."""

    @classmethod
    def of(cls, parts: Sequence[Self]) -> Self:
        """The sum of all parts."""
        if len(parts) < 2:
            return parts[0] if parts else cls()
        names = [one.name for one in fields(cls)]  # type: ignore[arg-type]
        with localcontext(MONEY):
            return cls(**{name: sum((getattr(p, name) for p in parts), ZERO) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSums(Sums):
    """Money of one benefit type, or of several.

    `unmeasured` is the promise of months without a bridge. `decided` is the claim that finance has
    decided about; `reduced` and `rejected` are what it took away from that, below zero. A claim
    that was raised after the decision waits for the difference.
    """

    promised: Decimal = ZERO
    unmeasured: Decimal = ZERO
    forecast: Decimal = ZERO
    claimed: Decimal = ZERO
    decided: Decimal = ZERO
    reduced: Decimal = ZERO
    rejected: Decimal = ZERO
    validated: Decimal = ZERO
    in_budget: Decimal = ZERO

    @property
    def variance(self) -> Decimal:
        return MONEY.subtract(self.validated, self.promised)

    @property
    def realisation_rate(self) -> Decimal | None:
        """Validated over promised, to nine decimals; None where nothing was promised."""
        return quotient(self.validated, self.promised) if self.promised > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Sums):
    """The savings of bridges: before and after the overlap with other projects is taken out."""

    gross: Decimal = ZERO
    net: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the promise to what is validated. `steps` has an amount for each of `STEPS`, and
    promised + all steps = validated.

    `not_measured`: the promise of months without a bridge. `off_promise`: what was measured less
    the promise of these months. `overlap`: what other projects have of shared cells. `other_types`:
    claimed as a type that does not count. `not_claimed`: measured, not claimed. Then what finance
    reduced and rejected, and what waits for it.
    """

    promised: Decimal
    steps: Mapping[str, Decimal]
    validated: Decimal


def waterfall(counted: TypeSums, others: TypeSums, measured: Measured) -> Waterfall:
    """The waterfall of the types that count; `others` are the types that do not."""
    with localcontext(MONEY):
        own = measured.net - others.claimed
        amounts = (
            -counted.unmeasured,
            measured.gross - (counted.promised - counted.unmeasured),
            measured.net - measured.gross,
            -others.claimed,
            counted.claimed - own,
            counted.reduced,
            counted.rejected,
            counted.decided - counted.claimed,
        )
    return Waterfall(counted.promised, dict(zip(STEPS, amounts, strict=True)), counted.validated)
