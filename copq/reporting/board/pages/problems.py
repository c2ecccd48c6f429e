"""The page `/problems`: problems of all functions, ranked by money or by time."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from copq.figures.answers import BASIS
from copq.figures.books import Reading
from copq.figures.problems import ProblemTotal
from copq.figures.problems_answer import (
    ProblemRow,
    ProblemsAnswer,
    ProblemsRequest,
    answer_problems,
)
from copq.improvement.intangible import ASPECTS
from copq.ledger.arithmetic import hours_of
from copq.ledger.figures import Scope
from copq.ledger.money import fixed
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.pages.bars import Scale, cumulative_points
from copq.reporting.board.pages.cells import (
    NONE,
    Cell,
    Row,
    Table,
    count_text,
    days_name,
    exact_text,
    money_column,
    percent_text,
    place_name,
    without_empty_columns,
)
from copq.reporting.board.pages.frame import Analysis
from copq.reporting.board.pages.notes import instead, notes, nothing_here

PARAMETERS = (
    "plant", "line", "product", "group", "grouping", "function", "month", "from", "to", "by_time",
    "limit", "currency",
)  # fmt: skip
_SHOWN, _MOST = 25, 500
_CONTROL = {
    "interventions": "Interventions", "wrong_routings": "Wrong routings",
    "other_master_data": "Other wrong master data",
}  # fmt: skip


class _Read(NamedTuple):
    answer: ProblemsAnswer
    nothing: tuple[str, str] | None


async def _read(reading: Reading, asked: Asked) -> _Read:
    by_time = asked.text("by_time", "false").lower()
    if by_time not in ("true", "false"):
        raise ValueError(f'by_time is "{by_time}": it must be true or false')
    request = ProblemsRequest(
        plant=asked.name("plant"), line=asked.name("line"), product=asked.name("product"),
        group=asked.name("group"), grouping=asked.name("grouping"),
        function=asked.name("function"), month=asked.text("month"), start=asked.text("from"),
        end=asked.text("to"), is_by_time=by_time == "true", currency=asked.name("currency"),
    )  # fmt: skip
    most = asked.number("limit", _MOST) or _SHOWN
    answer = await answer_problems(reading.conn, reading.book, request, reading.now, most)
    scope = Scope(request.plant, request.line, request.product)
    return _Read(answer, None if answer.totals else await nothing_here(reading, scope))


def _show(asked: Asked, read: _Read) -> dict[str, Any]:
    answer = read.answer
    days, rows = answer.query.days, answer.rows()
    place = place_name(*(asked.name(name) for name in ("plant", "line", "product", "group")))
    return {
        "about": f"{place}: {days_name(days.start, days.end)}",
        "nothing": read.nothing and _nothing(asked, *read.nothing),
        "parts": [
            _part(asked, total, [r for r in rows if r.currency == total.ranked.currency],
                  is_by_time=answer.query.is_by_time)
            for total in answer.totals
        ],
        "remarks": list(notes(answer.waiting, answer.lacks, BASIS)),
    }  # fmt: skip


def _nothing(asked: Asked, why: str, last: str) -> dict[str, str]:
    name = f"Rank {last[:7]}" if last else ""
    return instead(asked, why, name, from_=None, to=None, month=last[:7])


def _part(
    asked: Asked, total: ProblemTotal, rows: Sequence[ProblemRow], *, is_by_time: bool
) -> dict[str, Any]:
    ranked, currency = total.ranked, total.ranked.currency
    sums = (
        f"All {ranked.problems:,} problems: {exact_text(ranked.cost, currency)} {currency}, "
        f"{count_text(hours_of(ranked.seconds))} h lost."
    )
    earned = f"Problems that earned money are left out: {exact_text(total.earned, currency)}."
    return {
        "currency": currency, "by": "time" if is_by_time else "cost",
        "pareto": _pareto(asked, currency, ranked.problems, rows, is_by_time=is_by_time),
        "control": _control(rows), "reputation": _reputation(rows),
        "sentences": [sums, earned] if total.earned else [sums],
    }  # fmt: skip


def _name(row: ProblemRow) -> str:
    function = f" ({row.function})" if row.function else ""
    return f"{row.problem.replace('_', ' ') if row.element else row.problem}{function}"


def _pareto(
    asked: Asked, currency: str, known: int, rows: Sequence[ProblemRow], *, is_by_time: bool
) -> Table:
    """Bars by cost or by time, with the cumulative share; the largest first."""
    sizes = [row.seconds if is_by_time else row.cost for row in rows]
    scale, money = Scale(sizes), money_column((row.cost for row in rows), currency)
    shares = [row.cumulative_share for row in rows]
    shown = [
        Row(
            Cell(_name(row), "The entries of this problem", asked.entries_at(row.entries)),
            [
                money.cell(row.cost, asked.entries_at(row.entries), "n strong"),
                Cell(percent_text(row.share * 100), kind="n quiet"),
                Cell(percent_text(row.cumulative_share * 100), kind="n quiet"),
                Cell(count_text(row.hours)), Cell(count_text(row.frequency)),
                Cell(exact_text(row.event_cost, currency), kind="n quiet"),
            ],
            bar=scale.bar(Decimal(0), size), cumulative=cumulative_points(shares, number),
        )
        for number, (row, size) in enumerate(zip(rows, sizes, strict=True))
    ]  # fmt: skip
    columns = (currency, "Share", "Cumulative", "Hours", "Times", "Cost of one")
    note = f"The {len(rows):,} largest of {known:,} problems; the CSV has all." * (
        len(rows) < known
    )
    return Table(f"Problems, {currency}", "Problem", columns, shown, note, bars="Bar")


def _control(rows: Sequence[ProblemRow]) -> Table | None:
    """Losses of control: counts and their share; a problem without any is left out."""
    shown = [
        Row(
            Cell(_name(row)),
            [*(Cell(count_text(getattr(row, name))) for name in _CONTROL),
             Cell(NONE if row.control_share is None else percent_text(row.control_share * 100))],
        )
        for row in rows
        if any(getattr(row, name) for name in _CONTROL)
    ]  # fmt: skip
    columns = (*_CONTROL.values(), "Share of control")
    return Table("Control", "Problem", columns, shown) if shown else None


def _reputation(rows: Sequence[ProblemRow]) -> Table | None:
    """Mean grades of complaints, 1 to 5; a problem without complaints is left out."""
    shown = [
        Row(Cell(_name(row)), [Cell(count_text(row.complaints)), *map(_grade, _grades(row))])
        for row in rows
        if row.complaints
    ]
    columns = ("Complaints", *(name.replace("_", " ").capitalize() for name in ASPECTS))
    if not shown:
        return None
    return without_empty_columns(Table("Reputation", "Problem", columns, shown))


def _grades(row: ProblemRow) -> list[Decimal | None]:
    return [getattr(row, name) for name in ASPECTS]


def _grade(mean: Decimal | None) -> Cell:
    return Cell(NONE if mean is None else fixed(mean, 1))


PROBLEMS = Analysis("/problems", "problems.html", "/v1/problems", PARAMETERS, _read, _show)
