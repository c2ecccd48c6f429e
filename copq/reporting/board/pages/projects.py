"""The page `/projects`: the portfolio of improvement projects, promised to validated savings."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from copq.figures.books import Reading
from copq.figures.portfolio import (
    PortfolioAnswer,
    PortfolioRequest,
    PortfolioRow,
    PortfolioTotal,
    answer_portfolio,
)
from copq.figures.portfolio_request import TYPES
from copq.figures.portfolio_rows import PortfolioFigures
from copq.improvement.savings.over_time import Unknown
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.pages.bars import Scale
from copq.reporting.board.pages.cells import (
    NONE,
    Cell,
    MoneyColumn,
    Row,
    Table,
    exact_text,
    money_column,
    month_name,
    percent_text,
    signed_text,
    without_empty_columns,
)
from copq.reporting.board.pages.frame import Analysis
from copq.text.counts import count_of

PARAMETERS = ("plant", "owner", "type", "count", "from", "to", "false_discoveries")
STEP_NAMES = {
    "not_measured": "Not measured yet", "off_promise": "Measured, off the promise",
    "overlap": "Of other projects (overlap)", "other_types": "Claimed as other types",
    "not_claimed": "Not claimed", "reduced": "Reduced by finance",
    "rejected": "Rejected by finance", "waiting": "Waiting for finance",
}  # fmt: skip
_MONEY = ("Promised", "Forecast", "Realised", "Claimed", "Validated", "Too much validated",
          "In budget", "Variance",
          "Validated / promised", "Invested", "ROI", "Payback", "NPV", "IRR",
          "Return on quality")  # fmt: skip
_TOO_MUCH = "More is validated than the months save now: finance validates them again"
_YEAR = ("In-year effect", "Carry-over", "Annual run rate", "Promised in year",
         "Promised carry-over", "Promised run rate", "First reported", "Restated")  # fmt: skip


async def _read(reading: Reading, asked: Asked) -> PortfolioAnswer:
    request = PortfolioRequest(
        plant=asked.name("plant"), owner=asked.name("owner"), type=asked.name("type"),
        count=asked.text("count"), start=asked.text("from"), end=asked.text("to"),
        false_discoveries=asked.text("false_discoveries"),
    )  # fmt: skip
    return await answer_portfolio(reading.conn, reading.book, request, reading.now, None)


def _show(asked: Asked, found: PortfolioAnswer) -> dict[str, Any]:
    since = f"from {month_name(found.query.start)} " if found.query.start else ""
    number = count_of(len(found.all_rows), "project")
    all_totals = [one for one in found.totals if one.by == "all"]
    return {
        "about": f"{asked.text('plant') or 'All plants'}: {number}, months {since}before "
        f"{month_name(found.end)}",
        "types": TYPES, "owners": sorted({o.facts.project.owner for o in found.all_rows}),
        "parts": [_part(found, total) for total in all_totals],
        "discoveries": found.discoveries,
        "remarks": [
            found.query.basis, "An estimate at standard rates, until finance has validated it.",
        ],
    }  # fmt: skip


def _part(found: PortfolioAnswer, total: PortfolioTotal) -> dict[str, Any]:
    """What the portfolio has in one currency."""
    currency = total.currency
    rows = [one for one in found.all_rows if one.facts.project.plan.currency == currency]
    groups = [one for one in found.totals if one.currency == currency]
    return {
        "currency": currency, "projects": _projects(rows, currency),
        "years": _years(rows, currency, found.year_begins.year),
        "fall": waterfall_table(total.figures, currency),
        "totals": _totals(groups, currency), "types": _types(found, currency),
    }  # fmt: skip


def project_address(row: PortfolioRow) -> str:
    project = row.facts.project
    return f"/projects/{quote(project.plant, safe='')}/{quote(project.name, safe='')}"


def _projects(rows: Sequence[PortfolioRow], currency: str) -> Table:
    """Bars: the promise outlined, what is validated solid over it."""
    amounts = [a for row in rows for a in (row.figures.counted.promised,
                                           row.figures.counted.validated)]  # fmt: skip
    scale, money = Scale(amounts), money_column(amounts, currency)
    shown = [
        Row(
            Cell(row.facts.project.name, "Open this project", project_address(row)),
            [*_words(row), *_money(row.figures, money)],
            bar=scale.bar(Decimal(0), row.figures.counted.validated),
            shadow=scale.bar(Decimal(0), row.figures.counted.promised, "plan"),
        )
        for row in rows
    ]
    columns = ("Plant", "State", "Saving is", "Discovery", "Owner", *_MONEY)
    return without_empty_columns(
        Table(f"Projects, {currency}", "Project", columns, shown, bars="Validated, promised")
    )


def _words(row: PortfolioRow) -> list[Cell]:
    project, verdict = row.facts.project, row.facts.verdict
    status = verdict.status if verdict else NONE
    kind = "n strong" if status in ("eroding", "lost") else "n quiet"
    return [
        Cell(project.plant, kind="n quiet"), Cell(project.state, kind="n quiet"),
        Cell(f"▲ {status}" if kind == "n strong" else status, kind=kind),
        Cell({True: "yes", False: "no", None: NONE}[row.is_discovery], kind="n quiet"),
        Cell(project.owner, kind="n quiet"),
    ]  # fmt: skip


def _money(figures: PortfolioFigures, money: MoneyColumn) -> list[Cell]:
    sums, back = figures.counted, figures.returns
    realised = figures.measured.net if figures.months else None
    return [
        money.cell(sums.promised), money.cell(sums.forecast, kind="n quiet"),
        money.cell(realised), money.cell(sums.claimed, kind="n quiet"),
        money.cell(sums.validated, kind="n strong"),
        Cell(f"▲ {exact_text(figures.excess, money.currency)}", _TOO_MUCH, kind="n strong")
        if figures.excess else Cell(NONE), money.cell(sums.in_budget, kind="n quiet"),
        money.change(sums.variance),
        Cell(_percent(sums.realisation_rate)), money.cell(figures.invested, kind="n quiet"),
        _known(back.roi), payback_cell(back.payback), _npv(back.npv, money), _known(back.irr),
        _known(back.return_on_quality),
    ]  # fmt: skip


def _percent(ratio: Decimal | None) -> str:
    return NONE if ratio is None else percent_text(ratio * 100)


def _known(ratio: Decimal | Unknown) -> Cell:
    if isinstance(ratio, Unknown):
        return Cell(NONE, ratio.reason)
    return Cell(_percent(ratio))


def _npv(amount: Decimal | Unknown, money: MoneyColumn) -> Cell:
    return Cell(NONE, amount.reason) if isinstance(amount, Unknown) else money.cell(amount)


def payback_cell(month: Any) -> Cell:
    return Cell(NONE, month.reason) if isinstance(month, Unknown) else Cell(f"{month:%Y-%m}")


def _years(rows: Sequence[PortfolioRow], currency: str, year: int) -> Table:
    """Three columns that are never added; and realised savings as first reported and restated."""
    cells = []
    for row in rows:
        own, promise = row.figures.validated_effect, row.figures.promised_effect
        amounts = (
            own.in_year, own.carry_over, own.run_rate, promise.in_year, promise.carry_over,
            promise.run_rate, row.figures.first_reported, row.figures.restated,
        )  # fmt: skip
        shown = [Cell(exact_text(amount, currency)) for amount in amounts]
        cells.append(Row(Cell(row.facts.project.name, "", project_address(row)), shown))
    note = "In-year effect, carry-over and run rate are three figures; they are never added."
    return without_empty_columns(
        Table(f"Effect in {year}, {currency}", "Project", _YEAR, cells, note)
    )


def _totals(totals: Sequence[PortfolioTotal], currency: str) -> Table:
    money = money_column([one.figures.counted.promised for one in totals], currency)
    rows = [
        Row(
            Cell(f"{one.by} {one.name}" if one.name else "All projects"),
            [Cell(str(one.projects)), *_money(one.figures, money)],
            "sum" if one.by == "all" else "",
        )
        for one in totals
    ]
    return without_empty_columns(
        Table(f"By plant and owner, {currency}", "Of", ("Projects", *_MONEY), rows)
    )


def _types(found: PortfolioAnswer, currency: str) -> Table:
    rows = []
    for of, kind, sums in found.type_totals():
        if of == currency:
            counts = "counts" if kind in found.query.counted else "apart"
            amounts = (sums.promised, sums.forecast, sums.claimed, sums.validated, sums.in_budget)
            cells = [Cell(exact_text(amount, currency)) for amount in amounts]
            rows.append(Row(Cell(f"{kind.replace('_', ' ')} ({counts})"), cells))
    columns = ("Promised", "Forecast", "Claimed", "Validated", "In budget")
    note = "Types are never added, unless a question says that several count."
    return Table(f"By benefit type, {currency}", "Type", columns, rows, note)


def waterfall_table(figures: PortfolioFigures, currency: str) -> Table:
    """From the promise, outlined, to what is validated, solid; what takes from it is red."""
    fall = figures.waterfall
    steps = [(name, amount) for name, amount in fall.steps.items() if amount]
    reached = [fall.promised]
    for _, amount in steps:
        reached.append(reached[-1] + amount)
    scale = Scale([fall.promised, fall.validated, *reached])
    zero = Decimal(0)
    rows = [
        Row(Cell("Promised"), [_amount(fall.promised, currency)], "sum",
            scale.bar(zero, fall.promised, "plan")),
        *(
            Row(Cell(STEP_NAMES[name]),
                [Cell(signed_text(amount, currency), f"{amount} {currency}")], "",
                scale.bar(start, end, "down" if amount > 0 else "up"))
            for (name, amount), start, end in zip(steps, reached, reached[1:], strict=False)
        ),
        Row(Cell("Validated"), [_amount(fall.validated, currency)], "sum",
            scale.bar(zero, fall.validated)),
    ]  # fmt: skip
    label = f"From promised to validated savings, {currency}"
    return Table(label, "Step", (currency,), rows, bars="Bar", kind="waterfall")


def _amount(amount: Decimal, currency: str) -> Cell:
    return Cell(exact_text(amount, currency), f"{amount} {currency}", kind="n strong")


PROJECTS = Analysis("/projects", "projects.html", "/v1/projects", PARAMETERS, _read, _show)
