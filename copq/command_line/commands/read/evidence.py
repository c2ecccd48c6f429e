"""`copq projects evidence`: whether a project's saving is proven, and whether it lasts."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.commands.finance.project_options import PlantArgument, ProjectArgument
from copq.command_line.commands.read.answering import print_csv, read_answer
from copq.command_line.commands.read.figures import money_or_dash
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption
from copq.command_line.terminal import out, print_json, table
from copq.figures.evidence_answer import (
    PARTS,
    Evidence,
    EvidenceAnswer,
    EvidenceRequest,
    answer_evidence,
)
from copq.figures.evidence_words import (
    METHODS,
    PART_NAMES,
    demonstrated_words,
    percent_of,
    verdict_figures,
)
from copq.rates.book import RateBook


def evidence(
    plant: PlantArgument,
    project: ProjectArgument,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the daily series as CSV.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show whether a project's saving is proven, how large it is, and whether it lasts.

    The service tests each project once a day. The verdict alone decides its status; what is shown
    next to it explains.

    Example: copq projects evidence north caps
    """
    request = EvidenceRequest(plant=plant, project=project)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> EvidenceAnswer:
        return await answer_evidence(conn, book, request, now)

    found = read_answer(ask, database_url, data)
    if as_csv:
        print_csv(found.columns, found.table())
    elif as_json:
        print_json(found.as_json())
    elif found.evidence is None:
        out.print(f"{found.project}: {found.reason}.", soft_wrap=True)
        out.print("Test what is there now with: copq projects refresh", soft_wrap=True)
    else:
        _show(found, found.evidence)


def _show(found: EvidenceAnswer, of: Evidence) -> None:
    verdict, currency = of.verdict, found.project.plan.currency
    provisional = ", provisional" if verdict["is_provisional"] else ""
    out.print(f"{found.project}: {verdict['verdict']}{provisional}; tested until {of.until}")
    out.print(verdict["words"], soft_wrap=True)
    table("The verdict", ("figure", "is"), _figures(verdict, currency))
    out.print(f"Assumes: {verdict['assumes']}", style="dim", soft_wrap=True)
    out.print("Next to it, without a say in the status:")
    for name in PARTS:
        part = of.parts[name]
        out.print(f"{PART_NAMES[name]}: {part['words']}", soft_wrap=True)
        if part["reason"] is None:
            out.print(f"  Assumes: {part['assumes']}", style="dim", soft_wrap=True)
    _show_forecast(of.parts["forecast"], currency)
    out.print(f"Methods and measured error rates: {METHODS}", style="dim", soft_wrap=True)


def _figures(verdict: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    if verdict["saving"] is None:
        return verdict_figures(verdict)
    ends = (_money(verdict[name], currency) for name in ("saving_low", "saving_high"))
    saving = f"{_money(verdict['saving'], currency)} {currency}, {percent_of(verdict['share'])}"
    return [
        ("saving since the start", saving),
        ("90 % interval", f"{' to '.join(ends)} {currency}"),
        ("demonstrated", demonstrated_words(verdict)),
        *verdict_figures(verdict),
    ]  # fmt: skip


def _money(amount: Any, currency: str) -> str:
    return money_or_dash(None if amount is None else Decimal(str(amount)), currency)


def _show_forecast(part: Mapping[str, Any], currency: str) -> None:
    if part["reason"] is None:
        rows = [
            [one["first"], one["last"],
             *(_money(one[name], currency) for name in ("expected", "saving", "low", "high"))]
            for one in part["months"]
        ]  # fmt: skip
        heads = ("from", "to", "expected losses", "saving", "90 % from", "to")
        table(f"Forecast, {currency}", heads, rows, left=2)
