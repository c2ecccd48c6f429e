"""`copq conformance`: prevention and appraisal against failure, over the level of conformance."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import print_csv, read_answer
from copq.command_line.commands.read.figures import money_or_dash, show_notes
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
from copq.command_line.terminal import fixed, out, print_json, table
from copq.figures.conformance_answer import (
    ConformanceAnswer,
    ConformanceRequest,
    ConformanceRow,
    answer_conformance,
    left_out,
    optimum_text,
)
from copq.figures.coq_answer import COQ_BASIS
from copq.figures.hints import say_empty
from copq.rates.book import RateBook


def conformance(
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    start: Annotated[str, typer.Option("--from", help="First month: 2026-03.")] = "",
    end: EndOption = "",
    currency: CurrencyOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the months as CSV.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show prevention and appraisal against failure a unit, by month, and where both cost least.

    The level of conformance is the good share of units. The optimum is fitted from 12 months on,
    with its interval; otherwise the reason is shown. Without --from: the last three years.

    Example: copq conformance --plant north --from 2025-01
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[ConformanceAnswer, str]:
        request = ConformanceRequest(
            plant=plant, line=line, product=product, group=group, grouping=grouping, start=start,
            end=end, currency=currency,
        )  # fmt: skip
        found = await answer_conformance(conn, book, request, now)
        return found, "" if found.rows else await say_empty(conn, book, found.query)

    found, empty = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif as_csv:
        print_csv(found.columns, found.table())
    else:
        _show(found, empty)


def _show(found: ConformanceAnswer, empty: str) -> None:
    until = f" up to {found.query.end:%Y-%m-%d} (exclusive)" if found.query.end else ""
    title = f"Conformance against failure by month, from {found.query.start:%Y-%m-%d}{until}"
    if found.rows:
        heads = ("level", "units", "P + A", "COPQ", "P + A a unit", "COPQ a unit", "total a unit",
                 "lowest")  # fmt: skip
        table(title, ("month", "currency", *heads), map(_row, found.rows), left=2)
    else:
        out.print(f"{title}\n{empty}", soft_wrap=True)
    for text in left_out(found.rows):
        out.print(text, soft_wrap=True)
    for currency, best in found.optima.items():
        out.print(optimum_text(currency, best), soft_wrap=True)
    show_notes(found.waiting, found.zone, found.lacks, basis=COQ_BASIS)


def _row(row: ConformanceRow) -> tuple[str, ...]:
    cells, currency = row.as_json(), row.figures.currency
    level = row.point.level if row.point else None
    return (
        f"{row.month:%Y-%m}", currency, "–" if level is None else f"{fixed(level * 100, 2)} %",
        f"{row.figures.units:,f}",
        *(money_or_dash(cells[name], currency) for name in ("conformance", "failure")),
        *(_each(cells[f"{name}_per_unit"]) for name in ("conformance", "failure", "total")),
        "yes" if row.is_lowest else "",
    )  # fmt: skip


def _each(amount: Decimal | None) -> str:
    return "–" if amount is None else fixed(amount, 4)
