"""The page `/company`: all plants of a month next to each other, and added."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from copq.figures.books import Reading
from copq.figures.company import CompanyTotal, Money, PlantOfCompany, missing_words
from copq.figures.company_answer import COMPANY_BASIS, CompanyAnswer, answer_company
from copq.periods.period import month_before
from copq.reporting.board.pages.asked import Asked, query_of
from copq.reporting.board.pages.cells import (
    NONE,
    Cell,
    MoneyColumn,
    Row,
    Table,
    count_text,
    exact_text,
    money_column,
    month_name,
    percent_text,
    signed_text,
    without_empty_columns,
)
from copq.reporting.board.pages.frame import Analysis
from copq.reporting.board.pages.notes import notes
from copq.text.counts import count_of
from copq.text.exact import exact

PARAMETERS = ("month",)


async def _read(reading: Reading, asked: Asked) -> CompanyAnswer:
    return await answer_company(reading.conn, reading.book, asked.text("month"), reading.now)


def _show(_: Asked, answer: CompanyAnswer) -> dict[str, Any]:
    so_far = ", so far" if answer.running else ""
    plants = "All plants" if answer.sees_all else "The plants you see"
    return {
        "about": f"{plants}: {month_name(answer.month)}{so_far}",
        "month": f"{answer.month:%Y-%m}", "currency": answer.currency, "seen": answer.seen,
        "total": answer.total and _tile(answer.total, answer),
        "table": _table(answer),
        "left_out": [_left_out(plant) for plant in answer.left_out] if answer.currency else [],
        "remarks": [*_remarks(answer), *notes(answer.waiting, answer.lacks, COMPANY_BASIS)],
    }  # fmt: skip


def _tile(total: CompanyTotal, answer: CompanyAnswer) -> dict[str, Any]:
    """The sum of the plants, and what it is compared with."""
    now = total.now
    return {
        "text": exact_text(now.copq, now.currency), "title": f"{exact(now.copq)} {now.currency}",
        "share": _percent(now.share), "is_over": total.is_over,
        "target": total.target and _percent(total.target),
        "change": signed_text(total.change, now.currency) if total.before else "",
        "than": _compared(answer),
        "of": count_of(total.plants, "plant", "plants"),
        "provisional": exact_text(now.provisional, now.currency) if now.provisional else "",
    }  # fmt: skip


def _compared(answer: CompanyAnswer) -> str:
    """What the month is compared with: of each plant that is within it, the same part."""
    before = month_name(month_before(answer.month))
    running = sorted(plant.plant for plant in answer.plants if plant.running)
    if not running or all(plant.running for plant in answer.plants if plant.has_begun):
        return f"the same part of {before}" if running else before
    return f"{before}, of {', '.join(running)} the same part of it"


def _table(answer: CompanyAnswer) -> Table:
    """A row for each plant, which opens its board, and one for the total."""
    currency = answer.currency
    known = [plant.now.known for plant in answer.plants]
    total = answer.total
    column = money_column([m.copq for m in known if m] + ([total.now.copq] if total else []),
                          currency or "")  # fmt: skip
    rows = [_row(plant, column, currency or "") for plant in answer.plants]
    if total:
        rows.append(_total_row(total, column))
    columns = [
        f"COPQ, {currency}", "own currency", "COPQ %", "target %", "budget used", "change",
        "open stops", "books", "today so far",
    ]  # fmt: skip
    note = f"Change: against {_compared(answer)}." * bool(currency)
    label = f"COPQ by plant, {month_name(answer.month)}"
    return without_empty_columns(Table(label, "Plant", columns, rows, note))


def _row(plant: PlantOfCompany, column: MoneyColumn, currency: str) -> Row:
    known = plant.now.known
    own = list(plant.now.own.values())
    cells = [
        column.cell(known.copq if known else None),
        Cell(" + ".join(map(_money, own)) or NONE,
             " + ".join(f"{exact(m.copq)} {m.currency}" for m in own)),
        Cell(f"{'▲ ' * plant.is_over}{_percent(plant.share)}", kind="n bad" * plant.is_over or "n"),
        Cell(_percent(plant.target)),
        _budget(plant),
        NONE_CELL if plant.change is None else column.change(plant.change),
        Cell(count_text(plant.stops)),
        _books(plant),
        _today(plant, currency),
    ]  # fmt: skip
    return Row(Cell(plant.plant, href=_board(plant)), cells)


NONE_CELL = Cell(NONE)


def _total_row(total: CompanyTotal, column: MoneyColumn) -> Row:
    cells = [
        column.cell(total.now.copq), NONE_CELL,
        Cell(f"{'▲ ' * total.is_over}{_percent(total.now.share)}"), Cell(_percent(total.target)),
        NONE_CELL, NONE_CELL if total.change is None else column.change(total.change),
        Cell(count_text(total.stops)), NONE_CELL, NONE_CELL,
    ]  # fmt: skip
    return Row(Cell(f"Total of {count_of(total.plants, 'plant', 'plants')}"), cells, "sum")


def _board(plant: PlantOfCompany) -> str:
    """The board of the plant, at the end of a month that is over."""
    day = str(plant.last_day) if plant.last_day else None
    return f"/?{query_of({'plant': plant.plant, 'day': day})}"


def _budget(plant: PlantOfCompany) -> Cell:
    if plant.budget is None:
        return NONE_CELL
    over = plant.budget_used is not None and plant.budget_used > 1
    of = f"of {exact_text(plant.budget, plant.budget_currency)} {plant.budget_currency}"
    return Cell(f"{'▲ ' * over}{_percent(plant.budget_used)} {of}", kind="n bad" if over else "n")


def _books(plant: PlantOfCompany) -> Cell:
    """Whether finance has signed the month, and what has changed since."""
    if plant.signed is None:
        return Cell("provisional")
    changed = ", ".join(
        f"{signed_text(amount, currency)} {currency}"
        for currency, amount in plant.since_signed.items()
    )
    title = f"signed on {plant.signed.closed_at:%Y-%m-%d}, {plant.signed.state}"
    return Cell(f"signed; since then {changed}" if changed else "signed", title)


def _today(plant: PlantOfCompany, currency: str) -> Cell:
    """The COPQ of the production day that runs, and that day."""
    known = plant.day.known
    shown = [Money(currency, known.copq)] if known and currency else plant.day.own.values()
    money = " + ".join(map(_money, shown)) or NONE
    return Cell(f"{money} on {plant.today}")


def _left_out(plant: PlantOfCompany) -> str:
    """osaka: 5,200 JPY; 2 entries without an exchange rate."""
    money = " + ".join(map(_money, plant.left_out))
    return f"{plant.plant}: {money}; {missing_words(plant)}"


def _money(money: Money) -> str:
    return f"{exact_text(money.copq, money.currency)} {money.currency}"


def _percent(share: Decimal | None) -> str:
    return percent_text(None if share is None else share * 100)


def _remarks(answer: CompanyAnswer) -> Iterator[str]:
    total, month = answer.total, month_name(answer.month)
    if total and total.before and total.new:
        before = month_name(month_before(answer.month))
        yield f"Without entries in what is compared of {before}, so 0: {', '.join(total.new)}."
    if total and total.ended:
        yield f"Without entries in {month}, so 0 in the total: {', '.join(total.ended)}."
    late = sorted(plant.plant for plant in answer.plants if not plant.has_begun)
    if late:
        yield f"Not in the total, as {month} has not begun there: {', '.join(late)}."
    if len(answer.days) > 1 and (answer.running or late):
        days = "; ".join(f"{day} at {', '.join(names)}" for day, names in answer.days.items())
        yield f"The production day now: {days}."
    if answer.currency:
        yield "A budget is in the plant's own currency, and compared with COPQ in it."


COMPANY = Analysis("/company", "company.html", "/v1/company", PARAMETERS, _read, _show)
