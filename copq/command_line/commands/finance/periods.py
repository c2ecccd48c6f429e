"""`copq periods`: the months of a plant, closed by finance, and what was signed off."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from asyncpg import Connection

from copq.access.door import Role
from copq.command_line.acting import ByOption, WhyOption, actor
from copq.command_line.commands.read.figures import money_or_dash
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption, PlantOption
from copq.command_line.terminal import count_of, fail, money, out, print_json, table
from copq.database.connections import DatabaseRole
from copq.figures.periods_answer import PeriodsAnswer, answer_periods
from copq.periods import closing, store
from copq.periods.answers import PeriodDetail, period_detail
from copq.periods.closing import Order
from copq.periods.period import PeriodError, UnknownPeriod, month_name, month_of
from copq.periods.store import BookedSum, PeriodSummary, Step, site_of
from copq.periods.unfinished import KINDS, UnfinishedItems
from copq.rates.book import RateBook
from copq.rates.store import load

app = typer.Typer(
    help="The months of a plant: open, closed, locked, and what was signed off.",
    no_args_is_help=True,
)
T = TypeVar("T")
PlantArgument = Annotated[str, typer.Argument(help="The plant.")]
MonthArgument = Annotated[str, typer.Argument(help="The month: 2026-03.")]


@app.command("list")
def list_(
    plant: PlantOption = None,
    month: Annotated[str, typer.Option(help="Only this month: 2026-03.")] = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List the months: state, COPQ as first reported and as restated, and what is booked in them.

    Late events for a closed month are booked in the open one. They are listed too, with the sums so
    far, which nobody has signed yet.

    Example: copq periods list --plant north
    """

    async def run(conn: Connection, book: RateBook) -> PeriodsAnswer:
        try:
            return await answer_periods(conn, book, plant, month, datetime.now(UTC))
        except ValueError as error:
            fail(str(error))

    found = _run(run, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif found.rows:
        _show_list(found.rows)
    else:
        out.print("No month has entries yet.")


def _show_list(found: list[PeriodSummary]) -> None:
    columns = ["plant", "month", "state", "closed", "signed", "currency"]
    figures = ["first reported", "restated", "difference", "booked in it", "of other months"]
    rows = [
        (
            one.period.plant, month_name(one.period.month), one.period.state,
            f"{one.period.closings} ×" if one.period.closings else "–",
            "yes" if one.signed else "no", one.currency or "–",
            *(
                money_or_dash(amount, one.currency or "")
                for amount in (
                    one.first_reported, one.restated, one.difference, one.booked, one.late
                )
            ),
        )
        for one in found
    ]  # fmt: skip
    table("COPQ by month", columns + figures, rows, left=len(columns))
    if any(one.provisional for one in found):
        out.print("Restated: with stops still open, until now. See: copq unpriced", style="dim")
    if any(one.first_reported is None for one in found):
        out.print("Without a figure as first reported: never closed.", style="dim")
    if not all(one.signed for one in found):
        out.print("Not signed: what is booked in it is the sum so far.", style="dim")


@app.command()
def show(
    plant: PlantArgument,
    month: MonthArgument,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show a month: its steps and reasons, the signed figures, and what is still missing.

    Example: copq periods show north 2026-03
    """

    async def run(conn: Connection, book: RateBook) -> PeriodDetail:
        return await period_detail(conn, book, plant, month_of(month), datetime.now(UTC))

    found = _run(run, database_url, data)
    if as_json:
        print_json(found.as_json())
        return
    out.print(f"{found.period}: {found.period.state}{_late_events_note(found.period.booked_in)}")
    if found.copq:
        _show_list(found.copq)
    _show_steps(found.steps)
    if found.signed_off:
        rows = [(str(one.closing), *_booked_row(one)) for one in found.signed_off]
        table("Signed off: what was booked in it", ["closing", *_BOOKED], rows, left=4)
    if found.booked_so_far:
        table(
            "Booked in it so far, not signed",
            _BOOKED,
            map(_booked_row, found.booked_so_far),
            left=3,
        )
    if found.unfinished.counts:
        out.print(f"Not finished: {found.unfinished}. See: {found.unfinished.where}")


_BOOKED = ("of month", "category", "currency", "entries", "net")


def _booked_row(one: BookedSum) -> tuple[str, ...]:
    return (
        month_name(one.of_month),
        one.category,
        one.currency,
        f"{one.entries:,}",
        money(one.net, one.currency),
    )


def _late_events_note(booked_in: date | None) -> str:
    return f"; its late events are booked in {month_name(booked_in)}" if booked_in else ""


def _show_steps(steps: list[Step]) -> None:
    rows = [
        (
            f"{s.at.astimezone(UTC):%Y-%m-%d %H:%M:%S %Z}", s.what, s.by, s.why,
            str(UnfinishedItems.of(s.unfinished)) or "–",
            "–" if s.entries is None else f"{s.entries:,}",
        )
        for s in steps
    ]  # fmt: skip
    if rows:
        table("Steps", ["at", "what", "by", "why", "left out", "entries"], rows, left=5)
    for s in steps:
        if s.digest:
            out.print(f"Digest of closing {s.closing}: {s.digest}", soft_wrap=True)


@app.command()
def close(
    plant: PlantArgument,
    month: MonthArgument,
    why: WhyOption = "month end",
    accept: Annotated[
        list[str] | None,
        typer.Option(help=f"Close it without these: {', '.join(KINDS)}; may be repeated."),
    ] = None,
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Close a month that has ended, and sign off what is booked in it.

    Later events for it are booked in the open month. The figures stay, as first
    reported. Where an earlier run was interrupted, this one signs off.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq periods close north 2026-03 --accept stops
    """
    accepted = accept or []
    if wrong := [kind for kind in accepted if kind not in KINDS]:
        fail(f'--accept: "{wrong[0]}" is none of {", ".join(KINDS)}')

    async def run(conn: Connection, book: RateBook) -> Step:
        site, first = site_of(book, plant), month_of(month)
        order = Order(await actor(conn, Role.FINANCE, by), why)
        now = datetime.now(UTC)
        return await closing.close_or_sign(conn, site, first, order, now, accepted)

    step = _run(run, database_url, data)
    if as_json:
        print_json(asdict(step))
        return
    left_out = f" Left out: {UnfinishedItems.of(step.unfinished)}." if step.unfinished else ""
    entries = count_of(step.entries or 0, "entry", "entries")
    out.print(f"Closed: {month} of {plant}, closing {step.closing}, {entries}.{left_out}")
    out.print(f"Digest: {step.digest}", soft_wrap=True)


@app.command()
def reopen(
    plant: PlantArgument,
    month: MonthArgument,
    why: WhyOption,
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Reopen a closed month: late events are booked in it again, until it is closed.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq periods reopen north 2026-03 --why "credit note of the supplier was missing"
    """
    _change(closing.reopen, "Reopened", plant, month, why, by, as_json, database_url, data)


@app.command()
def lock(
    plant: PlantArgument,
    month: MonthArgument,
    why: WhyOption = "audited",
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Lock a closed month: it can never be reopened.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq periods lock north 2026-03 --why "audited by the group"
    """
    _change(closing.lock, "Locked", plant, month, why, by, as_json, database_url, data)


def _change(
    step: Callable[[Connection, str, date, Order], Awaitable[None]], done: str, plant: str,
    month: str, why: str, by: str, as_json: bool, database_url: str | None, data: Path,
) -> None:  # fmt: skip
    async def run(conn: Connection, book: RateBook) -> list[Step]:
        site_of(book, plant)
        first = month_of(month)
        await step(conn, plant, first, Order(await actor(conn, Role.FINANCE, by), why))
        return await store.steps(conn, plant, first)

    steps = _run(run, database_url, data)
    if as_json:
        print_json(asdict(steps[-1]))
    else:
        out.print(f"{done}: {month} of {plant}.")


def _run(
    run: Callable[[Connection, RateBook], Awaitable[T]], database_url: str | None, data: Path
) -> T:
    """The result of `run`. Ends the command with 2 for an unknown name, with 1 if refused."""

    async def ask(conn: Connection) -> T:
        return await run(conn, await load(conn))

    try:
        return query_database(ask, database_url, data, DatabaseRole.FINANCE)
    except PeriodError as error:
        fail(str(error), Exit.USAGE if isinstance(error, UnknownPeriod) else Exit.NO)
