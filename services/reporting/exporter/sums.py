"""What a window's figures are computed from: the ledger's sums by plant, line and product."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from schemas.priced import FAILURES, Category
from services.costing.price import MONEY
from services.reporting.figures import PRODUCTION, REJECTED, Cell
from services.reporting.kpis import Units

ZERO = Decimal(0)
Key = tuple[str, str, str, str]
"""Plant, line, product, currency; a part is empty where it was added up."""


@dataclass(slots=True)
class Sums:
    """`cost` is net, by category and element. Hours that a line stood still, planned or not."""

    cost: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    base: Decimal = ZERO
    units: Units = field(default_factory=Units)
    stopped: Decimal = ZERO
    planned_stop: Decimal = ZERO

    def take(self, cell: Cell) -> None:
        if cell.category != Category.NONE:
            kind = (cell.category, cell.element)
            self.cost[kind] = self.cost.get(kind, ZERO) + cell.net
        match cell.element:
            case element if element == PRODUCTION:
                self.base += cell.base
                self.units.produced += cell.quantity
                self.units.good += cell.good
            case "rework":
                self.units.reworked += cell.quantity
            case "downtime":
                self.stopped += cell.hours
            case "planned_stop":
                self.planned_stop += cell.hours
            case element if element in REJECTED:
                self.units.scrapped += cell.quantity

    def add(self, other: "Sums") -> None:
        for kind, net in other.cost.items():
            self.cost[kind] = self.cost.get(kind, ZERO) + net
        self.base += other.base
        self.units.add(other.units)
        self.stopped += other.stopped
        self.planned_stop += other.planned_stop

    @property
    def failure(self) -> Decimal:
        """COPQ."""
        return sum((net for (kind, _), net in self.cost.items() if kind in FAILURES), ZERO)


def summed(cells: Iterable[Cell]) -> dict[Key, Sums]:
    """By plant, line, product and currency; exact."""
    found: dict[Key, Sums] = {}
    with localcontext(MONEY):
        for cell in cells:
            key = (cell.plant or "", cell.line or "", cell.product or "", cell.currency)
            sums = found.get(key)
            if sums is None:
                sums = found[key] = Sums()
            sums.take(cell)
    return found


def added(sums: dict[Key, Sums], key: Callable[[Key], Key]) -> dict[Key, Sums]:
    """Those with the same `key` together."""
    found: dict[Key, Sums] = {}
    with localcontext(MONEY):
        for fine, part in sums.items():
            found.setdefault(key(fine), Sums()).add(part)
    return found


def by_line(key: Key) -> Key:
    return key[0], key[1], "", key[3]


def by_plant(key: Key) -> Key:
    return key[0], "", "", key[3]
