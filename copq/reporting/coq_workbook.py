"""The cost-of-quality report as an Excel workbook whose sums and percentages are formulas.

The money of the categories, the bases and the budgets are figures; all else is calculated from them
in the workbook, as a reader can check.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from copq.figures.coq_answer import CoqAnswer
from copq.figures.coq_rows import CoqRow
from copq.improvement.coq_report import COPQ, COQ, COSTS, FIGURES
from copq.text.workbook import Chart, Formula, Sheet, cell_name

_NAMES = {COPQ: "COPQ", COQ: "CoQ"}
_MOST_BARS = 60


def coq_sheets(answer: CoqAnswer) -> list[Sheet]:
    """The sheets Report, Bases, Budget and Trend."""
    page = _Page(answer.query.by)
    cuts = sorted(_cuts(answer.each_row()), key=lambda rows: rows[0].cut.currency)
    totals = list(_cuts(answer.totals))
    of_base = _base_rows([*cuts, *totals])
    return [
        _report(page, cuts, totals, of_base.places), Sheet("Bases", of_base.columns, of_base.rows),
        _budget(page, cuts), _trend(page, cuts),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Page:
    """Where the columns of the sheet Report are; all other sheets refer to it."""

    by: Sequence[str]

    @property
    def words(self) -> list[str]:
        return ["month", *self.by, "currency"]

    def column(self, figure: str) -> int:
        return len(self.words) + FIGURES.index(figure)

    @property
    def units(self) -> int:
        return len(self.words) + len(FIGURES)

    def cell(self, figure: str, row: int) -> str:
        return cell_name(row, self.column(figure))

    def names(self, row: CoqRow) -> list[Any]:
        shown = row.cut.values or ("",) * len(self.by)
        return [row.cut.period or "all months", *shown, row.cut.currency]


def title(figure: str) -> str:
    return _NAMES.get(figure, figure.replace("_", " "))


def _cuts(rows: Iterable[CoqRow]) -> Iterator[list[CoqRow]]:
    """The rows of each month and cut. One that the limit has cut off is left out."""
    found: dict[Any, list[CoqRow]] = {}
    for row in rows:
        found.setdefault(row.cut, []).append(row)
    whole = max(map(len, found.values()), default=0)
    return (of for of in found.values() if len(of) == whole)


@dataclass(frozen=True, slots=True)
class _BaseRows:
    """The rows of the sheet Bases, and the cell of each amount."""

    columns: Sequence[str]
    rows: list[list[Any]]
    places: dict[tuple[Any, str], str]


def _base_rows(cuts: Sequence[Sequence[CoqRow]]) -> _BaseRows:
    columns = ("month", "of", "currency", "base", "amount", "why there is none", "remarks")
    found = _BaseRows(columns, [], {})
    for rows in cuts:
        for row in rows:
            if row.figure != COQ:
                continue
            cut, base = row.cut, row.percentage.base
            if row.base_amount is not None:
                place = cell_name(len(found.rows) + 1, columns.index("amount"))
                found.places[cut, base] = f"Bases!{place}"
            of = " / ".join(value or "–" for value in cut.values)
            found.rows.append([cut.period or "all months", of, cut.currency, base, row.base_amount,
                               row.percentage.reason, row.flags])  # fmt: skip
    return found


def _report(
    page: _Page, cuts: Sequence[list[CoqRow]], totals: Sequence[list[CoqRow]],
    places: dict[tuple[Any, str], str],
) -> Sheet:  # fmt: skip
    every = [*cuts, *totals]
    bases = list(dict.fromkeys(row.percentage.base for rows in every for row in rows))
    columns = [
        *page.words, *map(title, FIGURES), "units", *(f"{title(f)} a unit" for f in (COPQ, COQ)),
        *(f"{title(figure)} % of {base}" for base in bases for figure in FIGURES),
    ]  # fmt: skip
    rows = [
        [*page.names(of[0]), *_money(page, of, number, len(cuts)), of[0].units,
         *_per_unit(page, of, number), *_percentages(page, of, number, places)]
        for number, of in enumerate(every, 1)
    ]  # fmt: skip
    return Sheet("Report", columns, rows, _chart(page, cuts))


def _money(page: _Page, rows: Sequence[CoqRow], number: int, cuts: int) -> Iterator[Any]:
    """The categories as money, in totals as sums; COPQ and CoQ as sums of them."""
    amounts = {row.figure: row.amount for row in rows}
    for figure in FIGURES:
        amount = amounts[figure]
        if amount is None:
            yield None
        elif figure in COSTS:
            is_total = rows[0].cut.period is None
            yield Formula(_sum_if(page, figure, number, cuts), amount) if is_total else amount
        else:
            parts = COSTS[2:] if figure == COPQ else (*COSTS[:2], COPQ)
            yield Formula("+".join(page.cell(part, number) for part in parts), amount)


def _sum_if(page: _Page, figure: str, number: int, cuts: int) -> str:
    """The sum of a column over the rows in the total's currency."""
    currency, column = len(page.words) - 1, page.column(figure)
    names = f"{cell_name(1, currency)}:{cell_name(cuts, currency)}"
    values = f"{cell_name(1, column)}:{cell_name(cuts, column)}"
    return f"SUMIF({names},{cell_name(number, currency)},{values})"


def _per_unit(page: _Page, rows: Sequence[CoqRow], number: int) -> Iterator[Any]:
    for row in rows[: len(FIGURES)]:
        if row.figure in (COPQ, COQ):
            units = cell_name(number, page.units)
            text = f"{page.cell(row.figure, number)}/{units}"
            yield None if row.per_unit is None else Formula(text, row.per_unit)


def _percentages(
    page: _Page, rows: Sequence[CoqRow], number: int, places: dict[tuple[Any, str], str]
) -> Iterator[Any]:
    for row in rows:
        value, place = row.percentage.value, places.get((row.cut, row.percentage.base))
        known = value is not None and place is not None
        text = f"100*{page.cell(row.figure, number)}/{place}"
        yield Formula(text, value) if known else None


def _chart(page: _Page, cuts: Sequence[list[CoqRow]]) -> Chart | None:
    """The categories of the first currency's rows, stacked."""
    if not cuts:
        return None
    currency = cuts[0][0].cut.currency
    bars = sum(rows[0].cut.currency == currency for rows in cuts)
    series = [page.column(category) for category in COSTS]
    return Chart(f"Cost of quality, {currency}", (0, len(page.words) - 2), series, 1,
                 min(bars, _MOST_BARS))  # fmt: skip


def _figures(cuts: Sequence[list[CoqRow]]) -> Iterator[tuple[int, CoqRow]]:
    """Each figure once, on its first base, with its row in the sheet Report."""
    for number, rows in enumerate(cuts, 1):
        for row in rows[: len(FIGURES)]:
            yield number, row


def _budget(page: _Page, cuts: Sequence[list[CoqRow]]) -> Sheet:
    columns = [*page.words, "cost", "actual", "budget", "over budget", "over budget %"]
    rows: list[list[Any]] = []
    at = len(page.words) + 1
    for number, row in _figures(cuts):
        here = len(rows) + 1
        actual, budget, over = (cell_name(here, at + n) for n in range(3))
        variance = row.variance
        over_budget = variance.variance if variance else None
        share = variance.percent if variance else None
        rows.append([
            *page.names(row), title(row.figure), _from_report(page, row, number),
            variance and variance.budget,
            None if over_budget is None else Formula(f"{actual}-{budget}", over_budget),
            None if share is None else Formula(f"100*{over}/{budget}", share),
        ])  # fmt: skip
    return Sheet("Budget", columns, rows)


def _trend(page: _Page, cuts: Sequence[list[CoqRow]]) -> Sheet:
    columns = [*page.words, "cost", "amount", "month before", "change", "change %",
               "same month a year before", "change over a year", "change over a year %",
               "return on quality, %"]  # fmt: skip
    rows: list[list[Any]] = []
    at = len(page.words) + 1
    for number, row in _figures(cuts):
        here = len(rows) + 1
        place = [cell_name(here, at + n) for n in range(7)]
        returned = row.return_on_quality
        rows.append([
            *page.names(row), title(row.figure), _from_report(page, row, number), row.previous,
            *_change(row.change.amount, row.change.percent, place[0], place[1], place[2]),
            row.year_ago,
            *_change(row.year_change.amount, row.year_change.percent, place[0], place[4], place[5]),
            None if returned is None else returned * 100,
        ])  # fmt: skip
    return Sheet("Trend", columns, rows)


def _change(
    amount: Decimal | None, percent: Decimal | None, now: str, before: str, change: str
) -> Iterator[Any]:
    yield None if amount is None else Formula(f"{now}-{before}", amount)
    yield None if percent is None else Formula(f"100*{change}/{before}", percent)


def _from_report(page: _Page, row: CoqRow, number: int) -> Any:
    if row.amount is None:
        return None
    return Formula(f"Report!{page.cell(row.figure, number)}", row.amount)
