"""Figures of all plants together, which there are in the reporting currency alone."""

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

    `unconverted` counts the entries that lack a rate, by the currency that they were booked in.
    """

    currency: str
    cost: dict[str, Decimal] = field(default_factory=dict)
    base: Decimal = ZERO
    unconverted: dict[str, int] = field(default_factory=dict)

    def take(self, row: Any) -> None:
        """A row of `converted`."""
        self._count(row["booked_in"], row["unconverted"])
        if row["category"] != Category.NONE:
            self.cost[row["category"]] = self.cost.get(row["category"], ZERO) + row["net"]
        if row["element"] == PRODUCTION:
            self.base += row["base"]

    def accrue(self, accrued: Iterable[Accrued]) -> None:
        """What open stops add, already exchanged."""
        for part in accrued:
            cell = part.cell(None, part.cost, part.seconds)
            self._count(part.segment.stop.currency, cell.unconverted)
            self.cost[cell.category] = self.cost.get(cell.category, ZERO) + cell.net

    def _count(self, booked_in: str, number: int) -> None:
        if booked_in != self.currency:
            self.unconverted[booked_in] = self.unconverted.get(booked_in, 0) + number


def converted_samples(windows: dict[str, Converted]) -> Iterator[Sample]:
    """Where an entry lacks its rate there is no sum, but how many there are."""
    for name, found in windows.items():
        for booked_in, number in found.unconverted.items():
            yield Sample(f.UNCONVERTED, (booked_in, name), number)
        if not any(found.unconverted.values()):
            yield from _sums(name, found)


def _sums(window: str, found: Converted) -> Iterator[Sample]:
    labels = (found.currency, window)
    for category, net in found.cost.items():
        yield Sample(f.CONVERTED_COST, (category, *labels), float(net))
    if found.base > 0:
        failure = sum((net for kind, net in found.cost.items() if kind in FAILURES), ZERO)
        yield Sample(f.CONVERTED_BASE, labels, float(found.base))
        yield Sample(f.CONVERTED_RATIO, labels, float(quotient(failure, found.base)))
