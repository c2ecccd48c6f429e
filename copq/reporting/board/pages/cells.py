"""Tables of figures as the board shows them: rounded for people, exact in the title."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from copq.ledger.money import digits, fixed, money, rounded
from copq.ledger.money import percent as percent_of_share
from copq.text.exact import exact

NONE = "–"
_WHOLE_FROM = 100
"""Money is shown without a fraction from here on, as on the board."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure or a name. `title` has it exactly, `href` opens its entries."""

    text: str
    title: str = ""
    href: str = ""
    kind: str = "n"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a row, in percent of the width of its column; `kind` is its colour."""

    start: float
    end: float
    kind: str = "actual"

    @property
    def left(self) -> float:
        return round(min(self.start, self.end), 3)

    @property
    def width(self) -> float:
        return round(max(abs(self.end - self.start), 0.3), 3)


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its figures; a row of a chart has a bar next to its name."""

    name: Cell
    cells: Sequence[Cell]
    kind: str = ""
    bar: Bar | None = None
    cumulative: str = ""
    """The points of its piece of the line of cumulative shares."""
    shadow: Bar | None = None
    """A bar to compare with, behind the other."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a row of names of columns; `first` is the name of the first column.

    `note` says what is not shown.
    """

    label: str
    first: str
    columns: Sequence[str]
    rows: Sequence[Row]
    note: str = ""
    kind: str = ""
    bars: str = field(default="")
    """What the bars show; empty: the table has none."""


def without_empty_columns(table: Table) -> Table:
    """The table without columns in which no row has a figure."""
    kept = [
        number
        for number in range(len(table.columns))
        if any(row.cells[number].text != NONE for row in table.rows)
    ]
    rows = [replace(row, cells=[row.cells[n] for n in kept]) for row in table.rows]
    return replace(table, columns=[table.columns[number] for number in kept], rows=rows)


def money_text(amount: Decimal | None, currency: str) -> str:
    """Money: whole from 100 on, else with the digits of the currency; a dash if unknown."""
    if amount is None:
        return NONE
    whole = abs(rounded(amount, currency)) >= _WHOLE_FROM
    return minus(fixed(amount, 0) if whole else money(amount, currency))


def exact_text(amount: Decimal | None, currency: str) -> str:
    """Money with the digits of its currency."""
    return NONE if amount is None else minus(money(amount, currency))


def signed_text(amount: Decimal | None, currency: str) -> str:
    """Money with its sign: what a figure changed by."""
    text = exact_text(amount, currency)
    return f"+{text}" if amount is not None and rounded(amount, currency) > 0 else text


def money_column(amounts: Iterable[Decimal | None], currency: str) -> "MoneyColumn":
    """How the amounts of a column are written: all of them with as many places."""
    sizes = [abs(amount) for amount in amounts if amount]
    large = any(size >= _WHOLE_FROM for size in sizes) and all(size >= 1 for size in sizes)
    return MoneyColumn(currency, 0 if large else digits(currency))


@dataclass(frozen=True, slots=True)
class MoneyColumn:
    """Money of one column, with as many decimals in each row."""

    currency: str
    places: int

    def cell(self, amount: Decimal | None, href: str = "", kind: str = "n") -> Cell:
        if amount is None:
            return Cell(NONE)
        opens = ": open the entries" if href else ""
        title = f"{exact(amount)} {self.currency}{opens}"
        return Cell(minus(fixed(amount, self.places)), title, href, kind)

    def change(self, amount: Decimal) -> Cell:
        """A figure's change, with its sign."""
        own = self.cell(amount)
        return replace(own, text=f"+{own.text}") if rounded(amount, self.currency) > 0 else own


def percent_text(percentage: Decimal | None) -> str:
    """A percentage: two decimals below 1 %, one above; a dash without a base."""
    return minus(percent_of_share(None if percentage is None else percentage / 100))


def count_text(number: Decimal | int | None) -> str:
    """A count with at most two decimals."""
    if number is None:
        return NONE
    text = fixed(Decimal(number), 2)
    return minus(text.rstrip("0").rstrip(".") if "." in text else text)


def minus(text: str) -> str:
    return text.replace("-", "−")


def month_name(month: date) -> str:
    """June 2025."""
    return f"{month:%B %Y}"


def day_name(day: date) -> str:
    """14 June 2025."""
    return f"{day.day} {day:%B %Y}"


def days_name(first: date, last: date) -> str:
    """The days [first, last): 1 June 2025, or 1 to 30 June 2025."""
    end = last - timedelta(days=1)
    if first == end:
        return day_name(first)
    same = (first.year, first.month) == (end.year, end.month)
    return f"{first.day if same else day_name(first)} to {day_name(end)}"


def place_name(
    plant: str | None, line: str | None, product: str | None = None, group: str | None = None
) -> str:
    """bottling, line 2, product SKU-1002, group water."""
    named = (("line", line), ("product", product), ("group", group))
    of = [f"{kind} {name}" if name else "" for kind, name in named]
    return ", ".join(filter(None, [plant or "All plants", *of]))
