"""What the ledger holds of the cost of quality, by month, cut and currency."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.figures.report import ReportQuery, coq_question
from copq.improvement.coq_report import COSTS, CoqReport, CostRow, reports
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.figures import NOT_CLOSED, Cell


class Place(NamedTuple):
    """Where costs arose: a plant, a line and product group of it, the first of a month.

    `line` is None where lines are not distinguished, '' where costs are of the plant as a whole;
    `group` is '' where product groups are not distinguished.
    """

    plant: str
    line: str | None
    group: str
    month: date


class Cut(NamedTuple):
    """What one report is of; `period` is None for all months together."""

    period: date | None
    values: tuple[str, ...]
    currency: str


@dataclass(slots=True)
class CutSums:
    """Costs and production of a cut. Entries `unconverted` are missing from its money.

    `open_in` are plants that have never closed a month of figures as first reported.
    """

    cut: Cut
    costs: list[CostRow] = field(default_factory=list)
    production: Decimal = ZERO
    units: Decimal = ZERO
    provisional: Decimal = ZERO
    unconverted: int = 0
    places: set[Place] = field(default_factory=set)
    open_in: set[str] = field(default_factory=set)

    @property
    def report(self) -> CoqReport:
        """The costs by category; of nothing but production they are zero."""
        period, values, currency = self.cut
        nothing = CoqReport(period=period, cut=values, currency=currency, elements={})
        return next(iter(reports(self.costs)), nothing)

    @property
    def flags(self) -> list[str]:
        return [NOT_CLOSED + ", ".join(sorted(self.open_in))] if self.open_in else []


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of the first cuts, by month, cut and currency, in this order.

    `known` has all months that were read of these cuts, to compare with; `cuts` is the number of
    all cuts of the months to show.
    """

    shown: list[CutSums]
    known: Mapping[Cut, CutSums]
    cuts: int


async def read_sums(
    conn: Connection, read: ReportQuery, shown: ReportQuery, by: Sequence[str],
    most: int | None, accrued: Iterable[Cell],
) -> Sums:  # fmt: skip
    """At most `most` cuts of the months of `shown`; `read` has the months to compare with, too.

    `accrued` is what open stops add. Unless money is converted, a missing exchange rate is not a
    fault.
    """
    # Postgres expects a few rows of what was summed, and would compare each with each.
    await conn.execute("set local enable_nestloop = off")
    rows = await conn.fetch(
        *coq_question(
            read, cut=list(by), first=shown.start, last=shown.end, most=most,
            converted=read.currency is not None, **_open_stops(list(accrued)),
        )
    )  # fmt: skip
    await conn.execute("set local enable_nestloop = on")
    found = [(_sums(row, tuple(by), shown), row["is_shown"]) for row in rows]
    known = {sums.cut: sums for sums, _ in sorted(found, key=lambda one: one[0].cut)}
    shown_cuts = {sums.cut for sums, is_shown in found if is_shown}
    return Sums(
        [known[cut] for cut in known if cut in shown_cuts], known, rows[0]["known"] if rows else 0
    )


def _open_stops(cells: Sequence[Cell]) -> dict[str, list[Any]]:
    """The parameters for what open stops add."""
    return {
        "open_months": [cell.bucket for cell in cells],
        "open_plants": [cell.plant for cell in cells],
        "open_lines": [cell.line or "" for cell in cells],
        "open_products": [cell.product or "" for cell in cells],
        "open_groups": [cell.group or "" for cell in cells],
        "open_elements": [cell.element for cell in cells],
        "open_categories": [cell.category for cell in cells],
        "open_currencies": [cell.currency for cell in cells],
        "open_amounts": [cell.net for cell in cells],
        "open_is_open": [cell.is_open for cell in cells],
    }  # fmt: skip


def _sums(row: Mapping[str, Any], by: tuple[str, ...], shown: ReportQuery) -> CutSums:
    cut = Cut(row["month"], tuple(row[name] for name in by), row["currency"])
    line = row["line"] if "line" in by else shown.line
    group = (row["group"] if "group" in by else shown.group) or ""
    return CutSums(
        cut, [_cost(cut, category, row[category]) for category in COSTS if row[category]],
        row["production"], row["units"], row["provisional"],
        row["unconverted"] if shown.currency is not None else 0,
        {Place(plant, line, group, row["month"]) for plant in row["plants"]},
        set(row["open_in"] or ()),
    )  # fmt: skip


def _cost(cut: Cut, category: Any, amount: Decimal) -> CostRow:
    return CostRow(
        category=category, element=str(category), amount=amount, currency=cut.currency,
        period=cut.period, cut=cut.values,
    )  # fmt: skip


def totals_of(found: Iterable[CutSums]) -> list[CutSums]:
    """All months and cuts together, one for each currency."""
    return _together(found, lambda cut: Cut(None, (), cut.currency))


def cuts_of(found: Iterable[CutSums]) -> list[CutSums]:
    """All months of a cut together, one for each cut and currency."""
    return _together(found, lambda cut: cut._replace(period=None))


def _together(found: Iterable[CutSums], name: Callable[[Cut], Cut]) -> list[CutSums]:
    """The sums of the cuts that get the same name."""
    totals: dict[Cut, CutSums] = {}
    with localcontext(MONEY):
        for sums in found:
            cut = name(sums.cut)
            total = totals.setdefault(cut, CutSums(cut))
            total.costs += [_cost(cut, cost.category, cost.amount) for cost in sums.costs]
            total.production += sums.production
            total.units += sums.units
            total.provisional += sums.provisional
            total.unconverted += sums.unconverted
            total.places |= sums.places
            total.open_in |= sums.open_in
    return [totals[cut] for cut in sorted(totals, key=lambda cut: (cut.values, cut.currency))]
