"""The figures of a report: sums of the ledger, folded into rows with their bases."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, localcontext

from copq.ledger.arithmetic import MONEY, hours_of, quotient
from copq.ledger.kpis import good_units
from copq.schemas.priced import FAILURES, Category

DIMENSIONS = ("plant", "line", "product", "group", "element", "category")
KINDS_OF_COST = ("element", "category")
"""Dimensions that split only the cost: each part is compared with the whole base."""

OTHER = "(other)"
"""The name of all lines without a row of their own."""

PRODUCTION = "production"
"""The element with the base. `stage_production` has no base and makes no units."""

REJECTED = ("defect", "scrap")
EXCEED = "rejects exceed units produced"
NOT_CLOSED = "as of now, not closed yet in "
ZERO = Decimal(0)
Bucket = datetime | date | None


@dataclass(frozen=True, slots=True)
class Scope:
    """The filter of a report (None: everything), and the dimensions of its rows."""

    plant: str | None = None
    line: str | None = None
    product: str | None = None
    element: str | None = None
    by: tuple[str, ...] = ("plant", "line")
    currency: str | None = field(default=None, kw_only=True)
    """The reporting currency, if all money is converted into it; None keeps each currency apart."""

    group: str | None = field(default=None, kw_only=True)
    grouping: str | None = field(default=None, kw_only=True)
    """What products are grouped by; None if the question is not about groups."""

    grouped_on: date | None = field(default=None, kw_only=True)
    """The day whose groups count for all days; None: each day's own."""

    named: frozenset[str] | None = field(default=None, kw_only=True)
    """Lines with a row of their own, all others are together; None: each line has its own row."""

    def __post_init__(self) -> None:
        for dimension in self.by:
            if dimension not in DIMENSIONS:
                raise ValueError(f'"{dimension}" is none of {", ".join(DIMENSIONS)}')

    def groups(self) -> dict[str, str | None]:
        """The group and its grouping by name, as parameters of a query."""
        return {"group": self.group, "grouping": self.grouping}

    def places(self) -> dict[str, str | None]:
        """Plant, line and product by name, as parameters of a query."""
        return {"plant": self.plant, "line": self.line, "product": self.product}

    def holds(self, cell: "Cell") -> bool:
        """Whether the cell is in scope. Production always is, since it is the base."""
        filters = (self.plant, self.line, self.product, self.group)
        values = (cell.plant, cell.line, cell.product, cell.group)
        if any(a is not None and a != t for a, t in zip(filters, values, strict=True)):
            return False
        return self.element in (None, cell.element) or cell.element == PRODUCTION

    def with_shown_line(self, cell: "Cell") -> "Cell":
        """The cell with the line name of its row."""
        has_own = self.named is None or cell.line in self.named or cell.line == OTHER
        return cell if has_own else replace(cell, line=OTHER)

    @property
    def names(self) -> list[str] | None:
        """`named` as a query parameter."""
        return None if self.named is None else sorted(self.named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Sums of one bucket, element and currency. Dimensions that are not requested may be None."""

    bucket: Bucket
    plant: str | None
    line: str | None
    product: str | None
    group: str | None = None
    element: str
    category: str
    currency: str
    quantity: Decimal = ZERO
    gross: Decimal = ZERO
    recovered: Decimal = ZERO
    allowed: Decimal = ZERO
    net: Decimal = ZERO
    seconds: Decimal = ZERO
    base: Decimal = ZERO
    good: Decimal = ZERO
    ungraded: Decimal = ZERO
    provisional: Decimal = ZERO
    is_open: bool = False
    """Whether a month as first reported was never closed by its plant, which is then named."""
    unconverted: int = 0
    """Entries whose money is missing, if all money is in the reporting currency."""

    @property
    def open_in(self) -> set[str]:
        return {self.plant} if self.is_open and self.plant is not None else set()


@dataclass(slots=True)
class ReportRow:
    """One row. Money is in `currency`, lost time in `seconds`; net = gross - recovered - allowed.

    `bucket` is the hour's start in the plant's zone, the production day, the first day of the
    month, or None in a trailing window. `copq` is failure cost only, `coq` adds appraisal and
    prevention. `base` is cost of production, `units` its units, `ungraded` the units without
    reported good units, `rejected` the units of defects and scrap. `provisional` is the part of
    `net` from open stops. `open_in` are plants that have never closed the month, whose
    first-reported figures are as of now. If entries are `unconverted`, the sums lack them: no
    figure is known.
    """

    bucket: Bucket
    dims: dict[str, str]
    currency: str
    gross: Decimal = ZERO
    recovered: Decimal = ZERO
    allowed: Decimal = ZERO
    net: Decimal = ZERO
    seconds: Decimal = ZERO
    copq: Decimal = ZERO
    coq: Decimal = ZERO
    base: Decimal = ZERO
    units: Decimal = ZERO
    graded_good: Decimal = ZERO
    ungraded: Decimal = ZERO
    rejected: Decimal = ZERO
    provisional: Decimal = ZERO
    open_in: set[str] = field(default_factory=set)
    unconverted: int = 0

    def add(self, cell: Cell) -> None:
        """Add the costs of a cell; the base is added by `stand_on`."""
        self.gross += cell.gross
        self.recovered += cell.recovered
        self.allowed += cell.allowed
        self.net += cell.net
        self.seconds += cell.seconds
        self.provisional += cell.provisional
        self.open_in |= cell.open_in
        self.copq += cell.net if cell.category in FAILURES else ZERO
        self.coq += cell.net if cell.category != Category.NONE else ZERO
        self.rejected += cell.quantity if cell.element in REJECTED else ZERO
        self.unconverted += cell.unconverted if cell.category != Category.NONE else 0

    def stand_on(self, base: "_Base") -> None:
        self.base, self.units = base.money, base.units
        self.graded_good, self.ungraded = base.good, base.ungraded
        self.open_in |= base.open_in
        self.unconverted += base.unconverted

    @property
    def good(self) -> Decimal | None:
        """Good units (GQ) by `good_units`."""
        return good_units(self.units, self.graded_good, self.ungraded, self.rejected)

    @property
    def hours(self) -> Decimal:
        """The lost time in hours, for display."""
        return hours_of(self.seconds)

    @property
    def copq_share(self) -> Decimal | None:
        """COPQ over base, 0.05 for 5 %; None without production or if a rate is missing."""
        known = self.base > 0 and not self.unconverted
        return quotient(self.copq, self.base) if known else None

    @property
    def copq_per_good(self) -> Decimal | None:
        """The cost of failure for each good unit; None if good units or a rate are unknown."""
        return self._per_good(self.copq)

    @property
    def cost_per_good(self) -> Decimal | None:
        """The full cost of a good unit, which includes the production cost of rejected ones."""
        return self._per_good(self.base)

    def _per_good(self, amount: Decimal) -> Decimal | None:
        return quotient(amount, self.good) if self.good and not self.unconverted else None

    def money(self, name: str) -> Decimal | None:
        """A sum of money by its name; None if one of its entries has no exchange rate."""
        known: Decimal = getattr(self, name)
        return None if self.unconverted else known

    @property
    def flags(self) -> list[str]:
        """Remarks on the figures for the reader. The figures are booked in any case."""
        exceed = self.units > 0 and self.rejected > self.units
        not_closed = [NOT_CLOSED + ", ".join(sorted(self.open_in))] if self.open_in else []
        return [*([EXCEED] if exceed else []), *not_closed]

    @property
    def is_empty(self) -> bool:
        """Whether everything booked was reversed."""
        sums = (self.gross, self.net, self.recovered, self.seconds, self.base, self.rejected)
        return not any((*sums, self.unconverted))


@dataclass(slots=True)
class _Base:
    money: Decimal = ZERO
    units: Decimal = ZERO
    good: Decimal = ZERO
    ungraded: Decimal = ZERO
    open_in: set[str] = field(default_factory=set)
    unconverted: int = 0

    def add(self, cell: Cell) -> None:
        self.open_in |= cell.open_in
        self.unconverted += cell.unconverted
        self.money += cell.base
        self.units += cell.quantity
        self.good += cell.good
        self.ungraded += cell.ungraded


Key = tuple[Bucket, tuple[str, ...], str]


@dataclass(slots=True)
class _Fold:
    """Collects rows: costs by all dimensions, bases by the dimensions that split production."""

    by: tuple[str, ...]
    rows: dict[Key, ReportRow] = field(default_factory=dict)
    bases: dict[Key, _Base] = field(default_factory=dict)

    @property
    def base_by(self) -> tuple[str, ...]:
        return tuple(d for d in self.by if d not in KINDS_OF_COST)

    def add(self, cell: Cell) -> None:
        produces = cell.element == PRODUCTION
        if produces:
            self.bases.setdefault(_key(cell, self.base_by), _Base()).add(cell)
        if cell.category != Category.NONE or (produces and self.by == self.base_by):
            self._row(cell).add(cell)

    def _row(self, cell: Cell) -> ReportRow:
        key = _key(cell, self.by)
        if key not in self.rows:
            dims = dict(zip(self.by, key[1], strict=True))
            self.rows[key] = ReportRow(cell.bucket, dims, cell.currency)
        return self.rows[key]

    def finished(self) -> list[ReportRow]:
        for row in self.rows.values():
            dims = tuple(row.dims[d] for d in self.base_by)
            row.stand_on(self.bases.get((row.bucket, dims, row.currency), _Base()))
        ordered = sorted(self.rows.items(), key=lambda item: item[0])
        return [row for _, row in ordered if not row.is_empty]


def _key(cell: Cell, by: tuple[str, ...]) -> Key:
    return cell.bucket, tuple(getattr(cell, d) or "" for d in by), cell.currency


def fold(cells: Iterable[Cell], scope: Scope) -> list[ReportRow]:
    """The rows of a scope, in order of bucket and dimensions; currencies are never mixed.

    If split by element or category, each part has the base of its plant, line and product.
    """
    folded = _Fold(scope.by)
    with localcontext(MONEY):
        for cell in cells:
            shown = scope.with_shown_line(cell)
            is_own = scope.currency is None and shown.unconverted != 0
            folded.add(replace(shown, unconverted=0) if is_own else shown)
        return folded.finished()
