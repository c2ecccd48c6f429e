"""The sums of a window, from which its figures are computed: by plant, line and product."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.figures.folding import ALL, FoldingRule
from copq.ledger.arithmetic import MONEY
from copq.ledger.figures import PRODUCTION, REJECTED, Cell
from copq.ledger.kpis import Units
from copq.schemas.priced import FAILURES, Category

ZERO = Decimal(0)
_ROWS = 5_000
"""The number of rows that are read at once."""

Key = tuple[str, str, str, str]
"""Plant, line, product, currency. A summed dimension is empty."""


@dataclass(slots=True)
class Sums:
    """Sums of one key. `cost` is net, by category and element. Times are stopped seconds, planned
    or not."""

    cost: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    base: Decimal = ZERO
    units: Units = field(default_factory=Units)
    stopped: Decimal = ZERO
    planned_stop: Decimal = ZERO

    def take(
        self, element: str, category: str, quantity: Decimal, net: Decimal, seconds: Decimal,
        base: Decimal, good: Decimal, ungraded: Decimal,
    ) -> None:  # fmt: skip
        if category != Category.NONE:
            kind = (category, element)
            self.cost[kind] = self.cost.get(kind, ZERO) + net
        if element == PRODUCTION:
            self.base += base
            self.units.produced += quantity
            self.units.good += good
            self.units.ungraded += ungraded
        elif element in REJECTED:
            self.units.scrapped += quantity
        elif element == "rework":
            self.units.reworked += quantity
        elif element == "downtime":
            self.stopped += seconds
        elif element == "planned_stop":
            self.planned_stop += seconds

    def add(self, other: "Sums") -> None:
        for kind, net in other.cost.items():
            self.cost[kind] = self.cost.get(kind, ZERO) + net
        self.base += other.base
        self.units.add(other.units)
        self.stopped += other.stopped
        self.planned_stop += other.planned_stop

    def graded(self) -> "Sums":
        """The sums with good units known, where that is possible."""
        units = self.units.graded()
        return self if units is self.units else replace(self, units=units)

    @property
    def failure(self) -> Decimal:
        """COPQ: the net cost of all failures."""
        return sum((net for (kind, _), net in self.cost.items() if kind in FAILURES), ZERO)


def sum_cells(cells: Iterable[Cell], folding: FoldingRule = ALL) -> dict[Key, Sums]:
    """The exact sums by plant, line, product and currency."""
    rows = (
        (c.plant or "", c.line or "", c.product or "", c.currency, c.element, c.category,
         c.quantity, c.net, c.seconds, c.base, c.good, c.ungraded)
        for c in cells
    )  # fmt: skip
    return sum_rows(rows, folding)


def sum_rows(rows: Iterable[Any], folding: FoldingRule = ALL) -> dict[Key, Sums]:
    """The sums of rows of `sql/`: plant, line, product, currency, and the values of `take`."""
    sums: dict[Key, Sums] = {}
    _take_rows(sums, rows, folding)
    return sums


async def summed_query(
    conn: Connection, sql: str, parameters: Sequence[Any], folding: FoldingRule
) -> dict[Key, Sums]:
    """The sums of a query's rows, read a few at a time. Call it in a transaction."""
    sums: dict[Key, Sums] = {}
    cursor = await conn.cursor(sql, *parameters)
    while rows := await cursor.fetch(_ROWS):
        _take_rows(sums, rows, folding)
    return sums


def _take_rows(found: dict[Key, Sums], rows: Iterable[Any], folding: FoldingRule) -> None:
    with localcontext(MONEY):
        for plant, line, product, currency, *figures in rows:
            if folding is not ALL:
                line, product = folding.place(plant, line, product)
            key = (plant, line, product, currency)
            sums = found.get(key)
            if sums is None:
                sums = found[key] = Sums()
            sums.take(*figures)


def merge_sums(parts: list[dict[Key, Sums]]) -> dict[Key, Sums]:
    """The sums of all parts. A single part is returned as the same object, so that it is
    recognised."""
    filled = [part for part in parts if part]
    if len(filled) == 1:
        return filled[0]
    merged: dict[Key, Sums] = {}
    with localcontext(MONEY):
        for part in filled:
            for key, sums in part.items():
                merged.setdefault(key, Sums()).add(sums)
    return merged


def regroup_sums(sums: dict[Key, Sums], key: Callable[[Key], Key]) -> dict[Key, Sums]:
    """The sums of all keys with the same result of `key`."""
    grouped: dict[Key, Sums] = {}
    with localcontext(MONEY):
        for fine, part in sums.items():
            grouped.setdefault(key(fine), Sums()).add(part)
    return grouped


def by_line(key: Key) -> Key:
    return key[0], key[1], "", key[3]


def by_plant(key: Key) -> Key:
    return key[0], "", "", key[3]
