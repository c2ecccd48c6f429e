"""`copq standing-costs`: salaries, contracts and depreciation of appraisal and prevention."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.acting import ByOption, WhyOption
from copq.command_line.commands.finance.importing import import_as_finance, read_or_refuse
from copq.command_line.commands.read.answering import read_answer
from copq.command_line.commands.read.figures import LimitOption, most_rows, show_rest, when
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption, LineOption, PlantOption
from copq.command_line.terminal import count_of, money, out, print_json, table
from copq.figures.standing_costs_answer import (
    StandingCostsAnswer,
    StandingCostsRequest,
    answer_standing_costs,
)
from copq.rates.book import RateBook
from copq.standing_costs.file import read_standing_costs
from copq.standing_costs.store import StandingCost, import_standing_costs

app = typer.Typer(
    help="Standing costs by the month: salaries, contracts, depreciation.",
    no_args_is_help=True,
)


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="A file of standing costs: YAML, CSV or Excel; see docs/standing-costs.md."
        ),
    ],
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import standing costs, as a whole or not at all. Other standing costs stay as they are.

    The service books each production day's share as the day begins, and catches up on past days.
    What differs for days that are booked restates them; the old version stays in the history.
    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq standing-costs import costs.csv --why "contract of 2026"
    """
    costs = read_or_refuse(read_standing_costs, file)
    done = import_as_finance(import_standing_costs, costs, file.name, by, why, database_url, data)
    if as_json:
        print_json({n: getattr(done, n) for n in ("new", "restated", "unchanged")})
        return
    out.print(
        f"{count_of(done.new, 'standing cost')} set, {done.restated} restated, "
        f"{done.unchanged} unchanged."
    )


@app.command("list")
def list_(
    plant: PlantOption = None,
    line: LineOption = None,
    name: Annotated[str | None, typer.Option(help="Only the standing cost of this name.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show the versions that were restated, too.")
    ] = False,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List the standing costs, and up to which production day each is in the ledger.

    Example: copq standing-costs list --plant north --history
    """
    request = StandingCostsRequest(plant=plant, line=line, name=name, history=history)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> StandingCostsAnswer:
        return await answer_standing_costs(conn, book, request, now, most_rows(limit, as_json))

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif found.rows:
        _show(found, history)
    else:
        out.print("No standing cost is set. Set some with: copq standing-costs import FILE")


def _show(found: StandingCostsAnswer, history: bool) -> None:
    words = ["plant", "line", "name", "category", "element", "from", "to", "state", "posted until"]
    words += ["by", "at", "why"] if history else []
    rows = [_cells(row.cost, row.state, history) for row in found.rows]
    names = [*words, "currency", "a month", "number"]
    table("Standing costs", names, rows, left=len(words) + 1)
    show_rest(len(rows), found.rows_total)


def _cells(cost: StandingCost, state: str, history: bool) -> tuple[str, ...]:
    origin = (cost.set_by, when(cost.set_at), cost.why or "–") if history else ()
    return (
        cost.plant, cost.line or "–", cost.name, cost.category, cost.element, str(cost.first_day),
        str(cost.last_day or "–"), state, str(cost.posted_until or "–"), *origin, cost.currency,
        _amount(cost), str(cost.number),
    )  # fmt: skip


def _amount(cost: StandingCost) -> str:
    return "none" if cost.amount is None else money(cost.amount, cost.currency)
