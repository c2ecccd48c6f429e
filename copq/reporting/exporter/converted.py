"""Figures of all plants together, which exist only in the reporting currency."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from copq.ledger.arithmetic import quotient
from copq.ledger.figures import PRODUCTION
from copq.posting.open_stops import Accrued
from copq.reporting.exporter import figures as f
from copq.reporting.exporter.samples import Sample
from copq.schemas.priced import FAILURES, Category

ZERO = Decimal(0)


@dataclass(slots=True)
class Converted:
    """One calendar window of all plants: net cost by category, and the base, in `currency`.

    `unconverted` counts the entries without an exchange rate, by their own currency.
    """

    currency: str
    cost: dict[str, Decimal] = field(default_factory=dict)
    base: Decimal = ZERO
    unconverted: dict[str, int] = field(default_factory=dict)

    def take(self, row: Any) -> None:
        """Add a row of the query `converted`."""
        self._count(row["booked_in"], row["unconverted"])
        if row["category"] != Category.NONE:
            self.cost[row["category"]] = self.cost.get(row["category"], ZERO) + row["net"]
        if row["element"] == PRODUCTION:
            self.base += row["base"]

    def accrue(self, accrued: Iterable[Accrued]) -> None:
        """Add what open stops add, already converted."""
        for part in accrued:
            cell = part.cell(None, part.cost, part.seconds)
            self._count(part.segment.stop.currency, cell.unconverted)
            self.cost[cell.category] = self.cost.get(cell.category, ZERO) + cell.net

    def _count(self, booked_in: str, number: int) -> None:
        if booked_in != self.currency:
            self.unconverted[booked_in] = self.unconverted.get(booked_in, 0) + number


def converted_samples(windows: dict[str, Converted]) -> Iterator[Sample]:
    """The samples. If an entry lacks its exchange rate, the number of such entries replaces
    the sum."""
    for name, converted in windows.items():
        for booked_in, number in converted.unconverted.items():
            yield Sample(f.UNCONVERTED, (booked_in, name), number)
        if not any(converted.unconverted.values()):
            yield from _sums(name, converted)


def _sums(window: str, converted: Converted) -> Iterator[Sample]:
    labels = (converted.currency, window)
    for category, net in converted.cost.items():
        yield Sample(f.CONVERTED_COST, (category, *labels), float(net))
    if converted.base > 0:
        failure = sum((net for kind, net in converted.cost.items() if kind in FAILURES), ZERO)
        yield Sample(f.CONVERTED_BASE, labels, float(converted.base))
        yield Sample(f.CONVERTED_RATIO, labels, float(quotient(failure, converted.base)))
