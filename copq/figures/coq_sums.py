"""What the ledger holds of the cost of quality, by month, cut and currency."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from copq.improvement.coq_report import COSTS, CoqReport, CostRow, reports
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.figures import PRODUCTION, Cell
from copq.schemas.priced import Category


class Place(NamedTuple):
    """Where costs arose: a plant, a line of it ('': not distinguished), the first of a month."""

    plant: str
    line: str
    month: date


class Cut(NamedTuple):
    """What one report is of; `period` is None for all months together."""

    period: date | None
    values: tuple[str, ...]
    currency: str


@dataclass(slots=True)
class CutSums:
    """Costs and production of a cut. Entries `unconverted` are missing from its money."""

    cut: Cut
    costs: list[CostRow] = field(default_factory=list)
    production: Decimal = ZERO
    units: Decimal = ZERO
    provisional: Decimal = ZERO
    unconverted: int = 0
    places: set[Place] = field(default_factory=set)

    def add(self, cell: Cell, place: Place) -> None:
        self.places.add(place)
        if cell.element == PRODUCTION:
            self.production += cell.base
            self.units += cell.quantity
        if Category(cell.category) in COSTS:
            self.costs.append(self._cost(cell))
            self.provisional += cell.provisional

    def _cost(self, cell: Cell) -> CostRow:
        return CostRow(
            category=Category(cell.category), element=cell.element, amount=cell.net,
            currency=self.cut.currency, period=self.cut.period, cut=self.cut.values,
        )  # fmt: skip

    @property
    def report(self) -> CoqReport:
        """The costs by category; of nothing but production they are zero."""
        period, values, currency = self.cut
        nothing = CoqReport(period=period, cut=values, currency=currency, elements={})
        return next(iter(reports(self.costs)), nothing)

    @property
    def is_empty(self) -> bool:
        """Whether everything booked was reversed."""
        moved = any(self.report.elements.values())
        return not (moved or self.production or self.units or self.unconverted)


def sums_of(
    cells: Iterable[Cell], by: tuple[str, ...], line: str | None, converted: bool
) -> dict[Cut, CutSums]:
    """The sums of each month, cut and currency, in this order; without those that are empty.

    `line` is the only line that was asked for. Unless money is converted, a missing exchange rate
    is not a fault.
    """
    found: dict[Cut, CutSums] = {}
    with localcontext(MONEY):
        for cell in cells:
            assert isinstance(cell.bucket, date) and cell.plant is not None
            cut = Cut(cell.bucket, tuple(getattr(cell, d) or "" for d in by), cell.currency)
            sums = found.setdefault(cut, CutSums(cut))
            shown = (cell.line if "line" in by else line) or ""
            sums.add(cell, Place(cell.plant, shown, cell.bucket))
            sums.unconverted += cell.unconverted if converted else 0
    return {cut: found[cut] for cut in sorted(found) if not found[cut].is_empty}


def totals_of(found: Iterable[CutSums]) -> list[CutSums]:
    """All months and cuts together, one for each currency."""
    totals: dict[str, CutSums] = {}
    with localcontext(MONEY):
        for sums in found:
            cut = Cut(None, (), sums.cut.currency)
            total = totals.setdefault(cut.currency, CutSums(cut))
            total.costs += [
                CostRow(category=c.category, element=c.element, amount=c.amount,
                        currency=c.currency) for c in sums.costs
            ]  # fmt: skip
            total.production += sums.production
            total.units += sums.units
            total.provisional += sums.provisional
            total.unconverted += sums.unconverted
            total.places |= sums.places
    return list(totals.values())
