"""`copq plan`: what a quality programme spends, achieves and saves, by the dynamic model."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import print_csv
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import count_of, fail, fixed, money, out, print_json, table
from copq.figures.plan_answer import PlanRequest
from copq.figures.programme import ProgrammeQuery, programme
from copq.improvement import plans
from copq.improvement.dynamic_model import Plan
from copq.improvement.history import FitRefused, Programme
from copq.improvement.plan_fit import PlanFit
from copq.rates.store import load

_PLACES = 3


def _parameter(meaning: str, name: str) -> Any:
    return typer.Option(help=f"{meaning}; else {plans.DEFAULTS[name]}.", show_default=False)


def plan_command(
    tc1: Annotated[
        str | None, _parameter("Spending of the first period, a share of all savings", "tc1")
    ] = None,
    alpha: Annotated[
        str | None, _parameter("Spending of a period over that of the period before", "alpha")
    ] = None,
    beta: Annotated[str | None, _parameter("Target level of an indicator", "beta")] = None,
    m: Annotated[str | None, _parameter("How far performance is from the target", "m")] = None,
    c: Annotated[
        str | None, _parameter("The speed at which performance becomes savings", "c")
    ] = None,
    indicators: Annotated[
        str, typer.Option(help="Numbers of indicators to compare, with commas.")
    ] = plans.INDICATORS,
    periods: Annotated[int, typer.Option(help="How many periods.")] = plans.PERIODS,
    savings: Annotated[
        str | None, typer.Option(help="All savings that are possible, in money: adds money.")
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(help="Of --savings; with --fit the reporting currency, to convert."),
    ] = None,
    fit_history: Annotated[
        bool,
        typer.Option("--fit", help="Fit the parameters that are not named to a plant's months."),
    ] = False,
    plant: Annotated[str | None, typer.Option(help="With --fit: the plant.")] = None,
    start: Annotated[
        str, typer.Option("--from", help="With --fit: the programme's first month, 2025-01.")
    ] = "",
    end: Annotated[
        str, typer.Option("--to", help="With --fit: the end, which is excluded; else this month.")
    ] = "",
    had: Annotated[
        int, typer.Option("--fit-indicators", help="With --fit: indicators the programme had.")
    ] = 1,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Plan a quality programme: spending, performance, savings, benefit and break-even.

    Without --fit no database is read. Ends with 1 if the months do not determine the parameters.

    Example: copq plan --beta 0.9 --indicators 1,2,3 --savings 1000000 --currency EUR
    Example: copq plan --fit --plant north --from 2025-01 --m 0.01
    """
    request = PlanRequest(
        parameters={"tc1": tc1, "alpha": alpha, "beta": beta, "m": m, "c": c},
        indicators=indicators, periods=periods, savings=savings, currency=currency,
        fitted=fit_history, plant=plant, start=start, end=end, had=had,
    )  # fmt: skip
    try:
        query = request.query()
        months = _read(query, currency, database_url, data) if query else None
        found = request.plan(months)
    except FitRefused as refused:
        _refuse(str(refused), as_json)
    except ValueError as error:
        fail(str(error))
    if as_json:
        print_json(plans.answer(found))
    elif as_csv:
        print_csv(plans.COLUMNS, plans.rows(found))
    else:
        _show(found)


def _refuse(reason: str, as_json: bool) -> None:
    if as_json:
        print_json(plans.refused_fit(reason))
        raise typer.Exit(Exit.NO)
    fail(reason, Exit.NO)


def _read(
    query: ProgrammeQuery, currency: str | None, database_url: str | None, data: Path
) -> Programme:
    now = datetime.now(UTC)

    async def run(conn: Connection) -> Programme:
        return await programme(conn, await load(conn), query, now, currency)

    return query_database(run, database_url, data)


def _show(found: plans.Comparison) -> None:
    shown = ", ".join(f"{name} {value:f}" for name, value in _parameters(found).items())
    heads = [f"{name} n={p.indicators}" for p in found.plans for name in ("PI", "PS", "EB")]
    columns = zip(*(p.periods for p in found.plans), strict=True)
    rows = [
        [str(of[0].t), fixed(of[0].tqc, _PLACES),
         *(fixed(v, _PLACES) for one in of for v in (one.pi, one.ps, one.eb))]
        for of in columns
    ]  # fmt: skip
    table(f"Plan with {shown}", ["period", "TQC", *heads], rows)
    if found.savings:
        _show_money(found, found.savings)
    for one in found.plans:
        out.print(_break_even(one))
    if found.fitted:
        _show_fit(found.fitted)
    out.print(plans.MODEL, style="dim")


def _parameters(found: plans.Comparison) -> dict[str, Decimal]:
    names = plans.DEFAULTS
    return {name: getattr(found.parameters, name).normalize() for name in names}


def _show_money(found: plans.Comparison, savings: plans.Savings) -> None:
    rows = plans.rows(found)
    periods = len(found.plans[0].periods)
    by_period = [[row for row in rows if row["t"] == t] for t in range(1, periods + 1)]
    heads = [f"{name} n={p.indicators}" for p in found.plans for name in ("saved", "benefit")]
    cells = [
        [str(of[0]["t"]), money(of[0]["spent"], savings.currency),
         *(money(row[name], savings.currency) for row in of for name in ("saved", "benefit"))]
        for of in by_period
    ]  # fmt: skip
    amount = f"{money(savings.amount, savings.currency)} {savings.currency}"
    table(f"The same in {savings.currency}, of {amount}", ["period", "spent", *heads], cells)


def _break_even(one: Plan) -> str:
    name = count_of(one.indicators, "indicator")
    best = f"the largest benefit is {fixed(one.best.eb, _PLACES)} in period {one.best.t}"
    if one.break_even is None:
        return f"{name}: no break-even within {len(one.periods)} periods; {best}."
    return f"{name}: break-even in period {one.break_even}; {best}."


def _show_fit(fitted: PlanFit) -> None:
    parts = [
        f"{name} {low.normalize():f} to {high.normalize():f}"
        for name, (low, high) in fitted.intervals.items()
    ]
    explained = fixed(fitted.explained * 100, 1)
    had = count_of(fitted.indicators, "indicator")
    out.print(
        f"Fitted to {fitted.months} months of a programme with {had}: "
        f"the savings follow the model to {explained} %. At 95 % confidence: {', '.join(parts)}.",
        soft_wrap=True,
    )
