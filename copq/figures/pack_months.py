"""The months that a pack compares: cost of quality, base, target, budget, and signature."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from copq.figures.coq_answer import CoqAnswer
from copq.figures.coq_rows import CoqRow
from copq.figures.pack_signed import Signature
from copq.improvement.coq_report import COPQ, FIGURES
from copq.ledger.arithmetic import MONEY, ZERO, quotient
from copq.schemas.bases import PRODUCTION_BASE

TRAILING = 12
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class PackMonth:
    """One month in the currency of the pack.

    `rows` are its figures by name (a category, `copq`, `coq`) on the base of production. `target`
    is a share of that base. `first_reported` is None where the month was never closed.
    """

    month: date
    rows: Mapping[str, CoqRow]
    target: Decimal | None
    first_reported: Decimal | None
    signature: Signature | None

    @property
    def copq(self) -> Decimal | None:
        return self.rows[COPQ].amount

    @property
    def base(self) -> Decimal | None:
        return self.rows[COPQ].base_amount

    @property
    def percent(self) -> Decimal | None:
        """COPQ as a percentage of the cost of production."""
        return self.rows[COPQ].percentage.value

    @property
    def budget(self) -> Decimal | None:
        variance = self.rows[COPQ].variance
        return variance.budget if variance else None

    @property
    def restated_since(self) -> Decimal | None:
        """By how much COPQ differs from what was signed; None of a month that is not signed."""
        if self.signature is None or self.copq is None:
            return None
        return MONEY.subtract(self.copq, self.signature.copq)

    def amount(self, figure: str) -> Decimal | None:
        return self.rows[figure].amount

    def as_json(self) -> dict[str, Any]:
        signed = self.signature
        return {
            "month": f"{self.month:%Y-%m}",
            **{figure: self.amount(figure) for figure in FIGURES},
            "base": self.base, "copq_percent": self.percent,
            "target_percent": None if self.target is None else self.target * _HUNDRED,
            "budget": self.budget, "units": self.rows[COPQ].units,
            "provisional": self.rows[COPQ].provisional, "first_reported": self.first_reported,
            "state": signed.state if signed else "open",
            "signed": signed and signed.copq, "restated_since": self.restated_since,
            "signed_at": signed and signed.closed_at, "signed_by": signed and signed.closed_by,
            "digest": signed and signed.digest,
        }  # fmt: skip


def pack_months(
    coq: CoqAnswer, first: CoqAnswer, currency: str, targets: Mapping[date, Decimal | None],
    signatures: Mapping[date, Signature],
) -> list[PackMonth]:  # fmt: skip
    """The months with figures in a currency, the oldest first."""
    found: dict[date, dict[str, CoqRow]] = defaultdict(dict)
    for row in _of(coq, currency):
        if row.percentage.base == PRODUCTION_BASE:
            found[_month(row)][row.figure] = row
    reported = {
        _month(row): row.amount
        for row in _of(first, currency)
        if row.figure == COPQ and not row.flags
    }
    return [
        PackMonth(month, rows, targets.get(month), reported.get(month), signatures.get(month))
        for month, rows in sorted(found.items())
    ]


def _of(answer: CoqAnswer, currency: str) -> Iterable[CoqRow]:
    return (row for row in answer.each_row() if row.cut.currency == currency)


def _month(row: CoqRow) -> date:
    assert row.cut.period is not None, "a report by month"
    return row.cut.period


@dataclass(frozen=True, slots=True)
class Trailing:
    """Some months together: sums are added before they are divided."""

    months: int
    copq: Decimal | None
    base: Decimal | None
    percent: Decimal | None


def trailing(months: Sequence[PackMonth]) -> Trailing:
    """All of the months; a sum with an unknown part is unknown."""
    copq, base = (_sum([getattr(one, name) for one in months]) for name in ("copq", "base"))
    if copq is None or base is None or base <= 0:
        return Trailing(len(months), copq, base, None)
    with localcontext(MONEY):
        percent = quotient(copq * _HUNDRED, base)
    return Trailing(len(months), copq, base, percent)


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    if not amounts or len(known) < len(amounts):
        return None
    with localcontext(MONEY):
        return sum(known, ZERO)
