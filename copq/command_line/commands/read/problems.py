"""`copq problems`: problems of all functions, ranked by what they cost or by their time."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import print_csv, read_answer
from copq.command_line.commands.read.figures import (
    LimitOption,
    money_or_dash,
    most_rows,
    share,
    show_notes,
)
from copq.command_line.commands.read.report import CurrencyOption
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import (
    EndOption,
    GroupingOption,
    GroupOption,
    JsonOption,
    LineOption,
    PlantOption,
    ProductOption,
)
from copq.command_line.terminal import fixed, money, out, print_json, table
from copq.figures.hints import say_empty
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
from copq.rates.book import RateBook


def problems(
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    function: Annotated[str | None, typer.Option(help="Only this function; empty: none.")] = None,
    month: Annotated[str, typer.Option(help="This month: 2026-06.")] = "",
    start: Annotated[str, typer.Option("--from", help="First production day: 2026-03-01.")] = "",
    end: EndOption = "",
    by_time: Annotated[
        bool, typer.Option("--by-time", help="Rank by the hours that problems take.")
    ] = False,
    limit: LimitOption = None,
    currency: CurrencyOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all problems as CSV.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Rank problems of all functions by (time + out-of-pocket money) x frequency.

    Losses of control and reputation are shown next to the money. Without a time: the last 30 days.

    Example: copq problems --plant north --from 2026-03-01 --to 2026-04-01

    Example: copq problems --function purchasing --by-time
    """
    request = ProblemsRequest(
        plant=plant, line=line, product=product, group=group, grouping=grouping, function=function,
        month=month, start=start, end=end, is_by_time=by_time, currency=currency,
    )  # fmt: skip
    most = limit if as_csv else most_rows(limit, as_json)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[ProblemsAnswer, str]:
        found = await answer_problems(conn, book, request, now, most)
        scope = Scope(request.plant, request.line, request.product)
        return found, "" if found.totals else await say_empty(conn, book, scope)

    found, empty = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif as_csv:
        print_csv(found.columns, found.table())
    else:
        _show(found, empty)


def _show(found: ProblemsAnswer, empty: str) -> None:
    by = "time" if found.query.is_by_time else "cost"
    days = found.query.days
    title = f"Problems by {by}, production days {days.start} up to {days.end} (exclusive)"
    rows = found.rows()
    if rows:
        _show_rows(title, rows)
        for total in found.totals:
            _show_total(total, sum(row.currency == total.ranked.currency for row in rows))
        out.print("The entries of the first:")
        out.print(f"  {rows[0].command}", markup=False, soft_wrap=True)
    else:
        out.print(f"{title}\n{empty}", markup=False, soft_wrap=True)
    show_notes(found.waiting, found.zone, found.lacks)


_MONEY = ("cost", "share", "with all above", "hours", "frequency", "cost of one")
_CONTROL = {
    "interventions": "interventions", "wrong_routings": "wrong routings",
    "other_master_data": "other master data", "control_share": "share of control",
}  # fmt: skip


def _show_rows(title: str, rows: Sequence[ProblemRow]) -> None:
    """A table; control and grades only where there are any."""
    words = ["rank", "function", "problem", "currency"]
    control = [name for name in _CONTROL if any(getattr(row, name) for row in rows)]
    grades = [name for name in ASPECTS if any(getattr(row, name) is not None for row in rows)]
    heads = [_CONTROL[name] for name in control]
    heads += [name.replace("_", " ") for name in grades]
    cells = [[*_words(row), *_figures(row), *_next_to_money(row, control, grades)] for row in rows]
    table(title, [*words, *_MONEY, *heads], cells, left=len(words))


def _words(row: ProblemRow) -> list[str]:
    return [str(row.rank), row.function or "–", row.problem, row.currency]


def _figures(row: ProblemRow) -> list[str]:
    return [
        money(row.cost, row.currency), share(row.share), share(row.cumulative_share),
        fixed(row.hours, 2), f"{row.frequency:,}", money_or_dash(row.event_cost, row.currency),
    ]  # fmt: skip


def _next_to_money(row: ProblemRow, control: Sequence[str], grades: Sequence[str]) -> list[str]:
    counts = [_count(getattr(row, name)) for name in control]
    return [*counts, *(_grade(getattr(row, name)) for name in grades)]


def _count(value: Decimal | int | None) -> str:
    return f"{value:,}" if isinstance(value, int) else share(value)


def _grade(mean: Decimal | None) -> str:
    return "–" if mean is None else fixed(mean, 1)


def _show_total(total: ProblemTotal, shown: int) -> None:
    ranked, currency = total.ranked, total.ranked.currency
    cost, earned = money(ranked.cost, currency), money(total.earned, currency)
    hours = fixed(hours_of(ranked.seconds), 2)
    out.print(f"All {ranked.problems:,} problems: {cost} {currency}, {hours} h lost.")
    if total.earned:
        out.print(f"Problems that earned money are left out: {earned} {currency}.")
    if shown < ranked.problems:
        out.print(f"{shown:,} of them are shown. To see all: --limit {ranked.problems}")
