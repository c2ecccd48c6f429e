"""`copq projects portfolio`: what was promised, measured and validated, and what it returns."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import print_csv, read_answer
from copq.command_line.commands.read.figures import (
    LimitOption,
    money_or_dash,
    most_rows,
    share,
    show_rest,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import EndOption, JsonOption, PlantOption
from copq.command_line.terminal import count_of, money, one_of, out, print_json, table
from copq.figures.portfolio import (
    TABLES,
    PortfolioAnswer,
    PortfolioRequest,
    PortfolioTotal,
    answer_portfolio,
)
from copq.figures.portfolio_request import TYPES
from copq.rates.book import RateBook

STEP_NAMES = {
    "not_measured": "not measured yet", "off_promise": "measured, off the promise",
    "overlap": "of other projects (overlap)", "other_types": "claimed as other types",
    "not_claimed": "not claimed", "reduced": "reduced by finance",
    "rejected": "rejected by finance", "waiting": "waiting for finance",
}  # fmt: skip


def portfolio(
    plant: PlantOption = None,
    owner: Annotated[str | None, typer.Option(help="Only projects of this owner.")] = None,
    type_: Annotated[
        str | None,
        typer.Option("--type", help=f"Only projects with money of this type: {', '.join(TYPES)}."),
    ] = None,
    count: Annotated[
        str, typer.Option(help="Types that count, with commas; else --type, else hard.")
    ] = "",
    false_discoveries: Annotated[
        str, typer.Option(help="Share of the named discoveries that may be false; else 0.05.")
    ] = "",
    start: Annotated[str, typer.Option("--from", help="First month: 2026-03.")] = "",
    end: EndOption = "",
    shown: Annotated[
        str,
        typer.Option(
            "--table",
            help=f"What --csv prints: {', '.join(TABLES)}.",
            callback=one_of(tuple(TABLES)),
        ),
    ] = "projects",
    limit: LimitOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what projects promised, what was measured, claimed and validated, and what it returns.

    Only hard savings that finance has validated count towards ROI, unless --count says otherwise.
    Without --to: up to the month that runs.

    Example: copq projects portfolio --plant north --from 2026-01
    """
    request = PortfolioRequest(
        plant=plant, owner=owner, type=type_, count=count, start=start, end=end,
        false_discoveries=false_discoveries,
    )  # fmt: skip
    most = limit if as_csv else most_rows(limit, as_json)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> PortfolioAnswer:
        return await answer_portfolio(conn, book, request, now, most, shown)

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif as_csv:
        print_csv(found.columns, found.table())
    elif found.rows:
        _show(found)
    else:
        out.print("No such project is proposed. Propose some with: copq projects import FILE")


def _show(found: PortfolioAnswer) -> None:
    since = f"from {found.query.start:%Y-%m} " if found.query.start else ""
    until = f"Projects, months {since}up to {found.end:%Y-%m} (exclusive)"
    rows = [one.as_json() for one in found.rows]
    for row in rows:
        row["discovery"] = _YES_OR_NO[row["is_discovery"]]
    words = ["plant", "project", "state", "owner", "status", "discovery", "currency"]
    _show_rows(until, words, rows)
    show_rest(len(rows), len(found.all_rows))
    _show_types(found)
    totals = [one.as_json() for one in found.totals]
    _show_rows("Totals", ["by", "name", "currency"], totals)
    for total in found.totals:
        if total.by == "all":
            _show_steps(total)
    if found.discoveries.tested:
        out.print(found.discoveries.words, soft_wrap=True)
    out.print(found.query.basis, soft_wrap=True)


_YES_OR_NO = {True: "yes", False: "no", None: ""}
_MONEY = ("promised", "forecast", "realised", "claimed", "validated", "in_budget", "variance")
_HEADS = {"excess": "validated too much"}
_MORE = ("first_reported", "restated", "invested", "npv", "in_year", "carry_over", "run_rate")


def _show_rows(title: str, words: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Two tables: the money of the months, and what it returns."""
    names = (*_MONEY, "excess") if any(row["excess"] for row in rows) else _MONEY
    first = [
        [*_words(row, words), *(_money(row, name) for name in names),
         share(row["realisation_rate"])]
        for row in rows
    ]  # fmt: skip
    heads = [_HEADS.get(name, name.replace("_", " ")) for name in (*names, "validated / promised")]
    table(title, [*words, *heads], first, left=len(words))
    kept = [words[0], words[1], "currency"]
    second = [
        [*_words(row, kept), *(_money(row, name) for name in _MORE), share(row["roi"]),
         row["payback"] or "–", share(row["irr"]), share(row["return_on_quality"])]
        for row in rows
    ]  # fmt: skip
    more = [name.replace("_", " ") for name in _MORE]
    table(f"{title}: returns", [*kept, *more, "ROI", "payback", "IRR", "return on quality"],
          second, left=len(kept))  # fmt: skip


def _words(row: dict[str, Any], names: Sequence[str]) -> list[str]:
    return [_word(row[name]) for name in names]


def _word(value: Any) -> str:
    return str(value) if isinstance(value, date) or value else "–"


def _money(row: dict[str, Any], name: str) -> str:
    return money_or_dash(row[name], row["currency"])


def _show_types(found: PortfolioAnswer) -> None:
    rows = []
    for currency, kind, sums in found.type_totals():
        counts = "yes" if kind in found.query.counted else "no"
        amounts = (sums.promised, sums.forecast, sums.claimed, sums.validated, sums.in_budget)
        rows.append(
            [kind.replace("_", " "), counts, currency, *(money(a, currency) for a in amounts),
             share(sums.realisation_rate)]
        )  # fmt: skip
    heads = ["type", "counts", "currency", "promised", "forecast", "claimed", "validated",
             "in budget", "validated / promised"]  # fmt: skip
    table("By benefit type", heads, rows, left=3)


def _show_steps(total: PortfolioTotal) -> None:
    """From the promise to what finance has validated."""
    fall, currency = total.figures.waterfall, total.currency
    steps: list[tuple[str, Decimal]] = [("promised", fall.promised)]
    steps += [(STEP_NAMES[name], amount) for name, amount in fall.steps.items() if amount]
    steps.append(("validated", fall.validated))
    of = count_of(total.projects, "project")
    table(f"From the promise to validated savings, {of}, {currency}", ["step", currency],
          [[name, money(amount, currency)] for name, amount in steps])  # fmt: skip
