"""`copq bases`: revenue, manufacturing cost and other amounts that costs are compared with."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.bases.file import read_base_file
from copq.bases.store import BaseVersion, import_bases
from copq.command_line.acting import ByOption, WhyOption
from copq.command_line.commands.finance.importing import import_as_finance, read_or_refuse
from copq.command_line.commands.read.answering import read_answer
from copq.command_line.commands.read.figures import LimitOption, most_rows, show_rest, when
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption, PlantOption
from copq.command_line.terminal import count_of, money, out, print_json, table
from copq.figures.bases_answer import BasesAnswer, BasesRequest, answer_bases
from copq.rates.book import RateBook

app = typer.Typer(
    help="Bases of percentages by plant and month: revenue, manufacturing cost and so on.",
    no_args_is_help=True,
)


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="A base file: YAML, CSV or Excel; see docs/cost-of-quality.md.")
    ],
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import a base file, as a whole or not at all. Other bases stay as they are.

    An amount that differs from the one that is there restates it; the old one stays in the history.
    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq bases import bases.csv --why "annual accounts"
    """
    bases = read_or_refuse(read_base_file, file)
    done = import_as_finance(import_bases, bases, file.name, by, why, database_url, data)
    if as_json:
        print_json({n: getattr(done, n) for n in ("new", "restated", "unchanged")})
        return
    out.print(
        f"{count_of(done.new, 'base')} set, {done.restated} restated, {done.unchanged} unchanged."
    )


@app.command("list")
def list_(
    plant: PlantOption = None,
    month: Annotated[str, typer.Option(help="Only this month: 2026-03.")] = "",
    base: Annotated[str | None, typer.Option(help="Only the base of this name.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show the versions that were restated, too.")
    ] = False,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List the bases of each plant and month, the newest month first.

    Example: copq bases list --plant north --history
    """
    request = BasesRequest(plant=plant, month=month, base=base, history=history)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> BasesAnswer:
        return await answer_bases(conn, book, request, now, most_rows(limit, as_json))

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif found.rows:
        _show(found)
    else:
        out.print("No base is set. Set some with: copq bases import FILE")


def _show(found: BasesAnswer) -> None:
    words = ["plant", "month", "base", "group", "by", "at", "why", "currency"]
    rows = [
        (b.plant, f"{b.month:%Y-%m}", b.base, b.group or "–", b.set_by, when(b.set_at),
         b.why or "–", b.currency, _amount(b), str(b.version),
         "yes" if b.is_newest and b.amount is not None else "")
        for b in found.rows
    ]  # fmt: skip
    table("Bases of percentages", [*words, "amount", "version", "in force"], rows, left=len(words))
    show_rest(len(rows), found.rows_total)


def _amount(base: BaseVersion) -> str:
    return "none" if base.amount is None else money(base.amount, base.currency)
