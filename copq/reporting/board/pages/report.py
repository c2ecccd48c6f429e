"""The page `/report`: the cost of quality by month, category and cut, on each base."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from copq.bases.store import base_names
from copq.figures.basis import As
from copq.figures.books import Reading
from copq.figures.conformance_answer import ConformanceAnswer, answer_conformance
from copq.figures.coq_answer import COQ_BASIS, CUTS, CoqAnswer, CoqRequest, CoqRow, answer_coq
from copq.improvement.coq_report import COPQ, COQ, COSTS, FIGURES
from copq.periods.period import month_after
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.pages.cells import (
    Cell,
    Row,
    Table,
    count_text,
    exact_text,
    money_column,
    money_text,
    month_name,
    percent_text,
    place_name,
    without_empty_columns,
)
from copq.reporting.board.pages.conformance import conformance_part, conformance_request
from copq.reporting.board.pages.frame import Analysis
from copq.reporting.board.pages.notes import instead, notes, nothing_here
from copq.schemas.bases import COQ_BASE, OWN_BASES, PRODUCTION_BASE

MOST_CUTS = 200
"""Rows of a table by line or product; the CSV has all."""

NAMES = {COPQ: "COPQ", COQ: "CoQ"} | {str(c): str(c).replace("_", " ").capitalize() for c in COSTS}
PARAMETERS = ("plant", "line", "product", "group", "grouping", "by", "from", "to", "base",
              "baseline", "as", "as_of", "currency")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """The answer for all cuts together and for each cut; `bases` are the names to choose from."""

    whole: CoqAnswer
    cut: CoqAnswer
    conformance: ConformanceAnswer
    bases: tuple[str, ...]
    nothing: tuple[str, str] | None


async def _read(reading: Reading, asked: Asked) -> Read:
    by, group, grouping = asked.text("by"), asked.name("group"), asked.name("grouping")
    request = CoqRequest(
        plant=asked.name("plant"), line=asked.name("line"), product=asked.name("product"), by="",
        group=group, grouping=grouping if group else None,
        start=asked.text("from"), end=asked.text("to"), base=asked.text("base", PRODUCTION_BASE),
        baseline=asked.text("baseline"), reported=asked.text("as", As.RESTATED),
        as_of=asked.text("as_of"), currency=asked.name("currency"),
    )  # fmt: skip
    whole = await answer_coq(reading.conn, reading.book, request, reading.now, None)
    cut = whole
    if by:
        of_group = group or "group" in by.split(",")
        of_cut = replace(request, by=by, grouping=grouping if of_group else None)
        cut = await answer_coq(reading.conn, reading.book, of_cut, reading.now, None)
    bases = (*OWN_BASES, *await base_names(reading.conn))
    nothing = None if whole.rows else await nothing_here(reading, whole.query.shown)
    conformance = await answer_conformance(
        reading.conn, reading.book, conformance_request(asked), reading.now
    )
    return Read(whole, cut, conformance, bases, nothing)


def _show(asked: Asked, read: Read) -> dict[str, Any]:
    rows = [*read.whole.rows, *read.whole.totals, *read.cut.cut_rows()]
    currencies = dict.fromkeys(row.cut.currency for row in read.whole.rows)
    return {
        "about": _about(read.whole), "bases": read.bases, "cuts": CUTS,
        "chosen_bases": read.whole.query.bases,
        "nothing": read.nothing and _nothing(asked, *read.nothing),
        "parts": [_Part(asked, read, currency).values() for currency in currencies],
        "remarks": [*_remarks(rows), *notes(read.whole.waiting, read.whole.lacks, COQ_BASIS)],
    }  # fmt: skip


def _about(answer: CoqAnswer) -> str:
    """The place and the months."""
    shown = answer.query.shown
    place = place_name(shown.plant, shown.line, shown.product, shown.group)
    months = [row.cut.period for row in answer.rows if row.cut.period]
    if not months:
        return place
    first, last = min(months), max(months)
    until = f" to {month_name(last)}" if last != first else ""
    return f"{place}: {month_name(first)}{until}, {shown.basis}"


def _nothing(asked: Asked, why: str, last: str) -> dict[str, str]:
    """Why the page is empty, and the month to open instead."""
    if not last:
        return instead(asked, why)
    month = date.fromisoformat(last).replace(day=1)
    window = {"from_": f"{month:%Y-%m}", "to": f"{month_after(month):%Y-%m}"}
    return instead(asked, why, f"Show {month_name(month)}", **window)


def _remarks(rows: Sequence[CoqRow]) -> Iterator[str]:
    """Why percentages are missing, and which bases were restated; each once."""
    missing = (
        f"No % of {row.percentage.base}: {row.percentage.reason}."
        for row in rows
        if row.percentage.reason
    )
    yield from dict.fromkeys(missing)
    for flag in dict.fromkeys(flag for row in rows for flag in row.flags):
        yield f"! {flag[:1].upper()}{flag[1:]}."


class _Part:
    """The report in one currency."""

    def __init__(self, asked: Asked, read: Read, currency: str) -> None:
        self.asked, self.read, self.currency = asked, read, currency
        self.bases = read.whole.query.bases
        self.months: dict[date, dict[tuple[str, str], CoqRow]] = {}
        for row in read.whole.rows:
            if row.cut.currency == currency and row.cut.period:
                self.months.setdefault(row.cut.period, {})[_key(row)] = row
        self.totals = {_key(row): row for row in read.whole.totals if row.cut.currency == currency}

    def values(self) -> dict[str, Any]:
        return {
            "currency": self.currency, "tiles": [self._tile(COPQ), self._tile(COQ)],
            "returned": self._return_on_quality(), "trend": self._trend(),
            "months": self._by_month(), "figures": self._by_category(), "cuts": self._by_cut(),
            "conformance": conformance_part(self.asked, self.read.conformance, self.currency),
        }  # fmt: skip

    def _figure(self, rows: dict[tuple[str, str], CoqRow], figure: str) -> CoqRow:
        return rows[figure, self.bases[0]]

    def _tile(self, figure: str) -> dict[str, Any]:
        """COPQ or CoQ of all months: in money, on each base, and against its budget."""
        row = self._figure(self.totals, figure)
        budget, over = _budget(row), _over(row)
        return {
            "name": NAMES[figure], "text": money_text(row.amount, self.currency),
            "title": exact_text(row.amount, self.currency), "href": self._entries(figure),
            "shares": [
                (percent_text(self.totals[figure, base].percentage.value), base,
                 self._base_entries(base))
                for base in self.bases if figure in _on(base)
            ],
            "budget": None if budget is None else money_text(budget, self.currency),
            "is_over": bool(over and over > 0),
            "over": None if over is None else money_text(abs(over), self.currency),
            "provisional": money_text(row.provisional, self.currency) if row.provisional else "",
        }  # fmt: skip

    def _return_on_quality(self) -> dict[str, str] | None:
        """Of the newest month that has one."""
        for month, rows in reversed(self.months.items()):
            row = self._figure(rows, COQ)
            if row.return_on_quality is not None and row.baseline is not None:
                return {
                    "month": month_name(month), "baseline": month_name(row.baseline),
                    "text": percent_text(row.return_on_quality * 100),
                }  # fmt: skip
        return None

    def _entries(self, figure: str, month: date | None = None, **names: object) -> str:
        """The address of the entries of a figure: of one month, or of all."""
        shown = self.read.whole.query.shown
        if self.asked.name("as_of"):
            return ""  # entries are listed as of now, or as first reported
        of: dict[str, Any] = {"plant": shown.plant, "line": shown.line, "product": shown.product,
              "group": shown.group, "grouping": self._grouping(names),
              "as": self.asked.name("as"), **names}  # fmt: skip
        if month is not None:
            return self.asked.entries(**of, category=figure, grain="month", bucket=month)
        return self.asked.entries(**of, category=figure, from_=shown.start, to=shown.end)

    def _grouping(self, names: dict[str, object]) -> str | None:
        """The grouping of the group of some entries; None where they are of any group."""
        shown = self.read.whole.query.shown
        return self.read.cut.query.shown.grouping if "group" in names else shown.grouping

    def _base_entries(self, base: str) -> str:
        """The production that is the base; other bases are not in the ledger."""
        if base != PRODUCTION_BASE or self.asked.name("as_of"):
            return ""
        shown = self.read.whole.query.shown
        return self.asked.entries(
            plant=shown.plant, line=shown.line, product=shown.product, group=shown.group,
            grouping=shown.grouping, element="production",
            from_=shown.start, to=shown.end, **{"as": self.asked.name("as")},
        )  # fmt: skip

    def _trend(self) -> dict[str, Any]:
        """The categories of each month, one above the other."""
        return {
            "kind": "stack", "labels": [f"{month:%Y-%m}" for month in self.months],
            "currency": self.currency,
            "hrefs": [self._entries(COQ, month) for month in self.months],
            "series": [
                {"name": NAMES[figure],
                 "values": [str(self._figure(rows, figure).amount or 0)
                            for rows in self.months.values()]}
                for figure in map(str, COSTS)
            ],
        }  # fmt: skip

    def _by_month(self) -> Table:
        """A row for each month: its figures, COPQ and CoQ on each base, and the change."""
        of = [self.totals, *self.months.values()]
        columns = [money_column((self._figure(r, f).amount for r in of), self.currency)
                   for f in FIGURES]  # fmt: skip
        named = [*(NAMES[figure] for figure in FIGURES),
                 *(f"{NAMES[figure]} % of {base}" for base in self.bases for figure in _on(base)),
                 "CoQ, change"]  # fmt: skip
        rows = []
        for month, figures in self.months.items():
            cells = [
                column.cell(self._figure(figures, figure).amount, self._entries(figure, month))
                for figure, column in zip(FIGURES, columns, strict=True)
            ]
            shares = [
                Cell(percent_text(figures[figure, base].percentage.value))
                for base in self.bases for figure in _on(base)
            ]  # fmt: skip
            change = Cell(_change(self._figure(figures, COQ).change.percent))
            rows.append(Row(Cell(f"{month:%Y-%m}"), [*cells, *shares, change]))
        label = f"Cost of quality by month, {self.currency}"
        return without_empty_columns(Table(label, "Month", named, rows))

    def _by_category(self) -> Table:
        """All months together: a row for each figure, with its budget."""
        money = money_column((row.amount for row in self.totals.values()), self.currency)
        named = [self.currency, *(f"% of {base}" for base in self.bases), "A unit", "Budget",
                 "Over budget", "Over budget, %"]  # fmt: skip
        rows = []
        for figure in FIGURES:
            row = self._figure(self.totals, figure)
            over = _over(row)
            cells = [
                money.cell(row.amount, self._entries(figure), "n strong"),
                *(Cell(percent_text(self.totals[figure, base].percentage.value))
                  for base in self.bases),
                Cell(exact_text(row.per_unit, self.currency), kind="n quiet"),
                money.cell(_budget(row)),
                money.cell(over, kind="n bad" if over and over > 0 else "n"),
                Cell(_change(row.variance.percent if row.variance else None)),
            ]  # fmt: skip
            rows.append(Row(Cell(NAMES[figure]), cells, "sum" if figure in (COPQ, COQ) else ""))
        return without_empty_columns(
            Table(f"Cost of quality by category, {self.currency}", "Cost", named, rows)
        )

    def _by_cut(self) -> Table | None:
        """All months together: a row for each line, product or other cut, the largest CoQ first."""
        by = self.read.cut.query.by
        if not by:
            return None
        cuts: dict[tuple[str, ...], dict[tuple[str, str], CoqRow]] = {}
        for row in self.read.cut.cut_rows():
            if row.cut.currency == self.currency:
                cuts.setdefault(row.cut.values, {})[_key(row)] = row
        ranked = sorted(cuts.items(), key=lambda item: -(self._figure(item[1], COQ).amount or 0))
        shown = ranked[:MOST_CUTS]
        columns = [money_column((self._figure(r, f).amount for _, r in shown), self.currency)
                   for f in FIGURES]  # fmt: skip
        named = [*(NAMES[figure] for figure in FIGURES),
                 *(f"{NAMES[figure]} % of {base}" for base in self.bases for figure in _on(base)),
                 "CoQ budget", "CoQ over budget"]  # fmt: skip
        rows = []
        for values, figures in shown:
            of: dict[str, Any] = dict(zip(by, values, strict=True))
            coq = self._figure(figures, COQ)
            cells = [
                *(column.cell(self._figure(figures, f).amount, self._entries(f, **of))
                  for f, column in zip(FIGURES, columns, strict=True)),
                *(Cell(percent_text(figures[figure, base].percentage.value))
                  for base in self.bases for figure in _on(base)),
                Cell(money_text(_budget(coq), self.currency)),
                Cell(money_text(_over(coq), self.currency)),
            ]  # fmt: skip
            rows.append(Row(Cell(", ".join(value or NONE_NAMED for value in values)), cells))
        note = f"The {MOST_CUTS} largest of {count_text(len(ranked))}; the CSV has all." * (
            len(ranked) > MOST_CUTS
        )
        name = " and ".join(by)
        return without_empty_columns(
            Table(f"Cost of quality by {name}, {self.currency}", name.capitalize(), named, rows,
                  note)
        )  # fmt: skip


NONE_NAMED = "(none)"


def _on(base: str) -> tuple[str, ...]:
    """The figures that have a percentage of a base: CoQ is all of itself."""
    return (COPQ,) if base == COQ_BASE else (COPQ, COQ)


def _key(row: CoqRow) -> tuple[str, str]:
    return row.figure, row.percentage.base


def _budget(row: CoqRow) -> Decimal | None:
    return row.variance.budget if row.variance else None


def _over(row: CoqRow) -> Decimal | None:
    """By how much it is over its budget."""
    return row.variance.variance if row.variance else None


def _change(percentage: Decimal | None) -> str:
    text = percent_text(percentage)
    return f"+{text}" if percentage is not None and percentage > 0 else text


REPORT = Analysis("/report", "report.html", "/v1/coq", PARAMETERS, _read, _show,
                  has_workbook=True)  # fmt: skip
