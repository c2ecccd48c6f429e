"""`copq reprice`: booking events again after rates have changed for the past."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import asyncpg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from copq.access.door import Role
from copq.command_line.acting import ByOption, actor
from copq.command_line.commands.read.figures import when
from copq.command_line.database import DATA, DatabaseOption, DataOption, connected, database
from copq.command_line.exits import INTERRUPTED, Exit
from copq.command_line.options import EndOption, JsonOption, PlantOption, ProductOption
from copq.command_line.terminal import err, fail, money, out, print_json, table
from copq.database.connections import AWAY, DatabaseRole
from copq.figures.edges import day_of
from copq.figures.names import UnknownName, check_names
from copq.ledger.money import rounded
from copq.process.system_errors import plainly
from copq.rates.store import load
from copq.repricing import runs
from copq.repricing.answers import plan_json, run_json
from copq.repricing.applying import apply
from copq.repricing.changes import Change
from copq.repricing.planning import Plan, plan
from copq.repricing.reach import RepricingScope
from copq.repricing.runs import Run

Watch = Callable[[Any], None]
_LISTED = 20
_GO_ON = "Run the same command again: it goes on where it was."


def reprice(
    planned: Annotated[bool, typer.Option("--plan", help="Show what would change.")] = False,
    applied: Annotated[bool, typer.Option("--apply", help="Book what --plan shows.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List repricings.")] = False,
    plant: PlantOption = None,
    product: ProductOption = None,
    start: Annotated[
        str, typer.Option("--from", help="First production day, or month: 2026-03-01, 2026-03.")
    ] = "",
    end: EndOption = "",
    why: Annotated[str, typer.Option(help="Why; kept with the repricing. --apply needs it.")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Reprice booked events after rates have changed for the past.

    --plan shows what would change by plant, product and month, and changes nothing. --apply books
    reversals and new entries while the services run. The same command continues after an
    interruption.
    --apply is for finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq reprice --apply --product TR29 --from 2026-03 --why "invoice 4711 came late"
    """
    if [planned, applied, listed].count(True) != 1:
        fail("say one of --plan, --apply and --list")
    if applied and not why.strip():
        fail('--apply needs a reason, which auditors will read: --why "invoice 4711 came late"')
    asked = RepricingScope(plant, product, _day(start, "--from"), _day(end, "--to"))
    if asked.first and asked.until and asked.first >= asked.until:
        fail("--to must be after --from: it is the day after the last day")
    with database(database_url, data) as dsn:
        _run(_check_names(dsn, plant, product))
        if listed:
            _show_runs(_run(_newest(dsn)), as_json)
        elif planned:
            with _progress("plan") as watch:
                found = _run(plan(dsn, asked, watch))
            _show_plan(found, as_json)
        else:
            with _progress("reprice") as watch:
                done = _run(_apply(dsn, asked, by, why, watch))
            _show_done(done, as_json)


def _day(text: str, option: str) -> date | None:
    try:
        return day_of(text)
    except ValueError as error:
        fail(f"{option}: {error}")


async def _check_names(dsn: str, plant: str | None, product: str | None) -> None:
    async with connected(dsn) as conn:
        try:
            await check_names(conn, await load(conn), plant, None, product)
        except UnknownName as error:
            fail(str(error))


def _run(work: Any) -> Any:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        err.print(f"copq: interrupted. {_GO_ON}", soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    except AWAY as error:
        fail(f"Postgres: {plainly(error)}. {_GO_ON}", Exit.UNAVAILABLE)
    except asyncpg.PostgresError as error:
        fail(f"Postgres: {plainly(error)}. {_GO_ON}", Exit.UNAVAILABLE)


async def _apply(
    dsn: str, asked: RepricingScope, by: str, why: str, watch: Watch
) -> tuple[Run, list[Change]] | None:
    async with connected(dsn, DatabaseRole.FINANCE) as conn:
        who = await actor(conn, Role.FINANCE, by)
        run = await apply(dsn, asked, who, why, watch)
        return None if run is None else (run, await runs.changes_of(conn, run))


async def _newest(dsn: str) -> list[tuple[Run, list[Change]]]:
    async with connected(dsn, DatabaseRole.FINANCE) as conn:
        found = await runs.newest(conn, _LISTED)
        return [(run, await runs.changes_of(conn, run)) for run in found]


@contextmanager
def _progress(what: str) -> Iterator[Watch]:
    """Show a progress bar on stderr, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
               TextColumn("events"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda step: bar.update(task, completed=step.seen, total=max(step.total, step.seen))


def _show_plan(found: Plan, as_json: bool) -> None:
    if as_json:
        print_json(plan_json(found))
        return
    _show_changes(f"At rate book revision {found.revision} this would change", found.changes)
    out.print(_looked_at(found, "would lose"))
    if found.changes:
        out.print('Book it with: copq reprice --apply --why "…"')


def _show_done(done: tuple[Run, list[Change]] | None, as_json: bool) -> None:
    if done is None:
        if as_json:
            print_json({"repricing": None, "changes": []})
        else:
            out.print("Nothing to do: no rate has changed since the last repricing of everything.")
        return
    run, changes = done
    if as_json:
        print_json(run_json(run, changes))
        return
    _show_changes(f"Repricing {run.repricing_id}, at rate book revision {run.revision}", changes)
    out.print(_looked_at(run, "lost"))
    out.print("Prove it with: copq verify")


def _looked_at(of: Plan | Run, verb: str) -> str:
    lost = f" {of.unpriced:,} {verb} their price. See: copq unpriced" if of.unpriced else ""
    kept = f" {of.dropped:,} without bytes keep what was booked." if of.dropped else ""
    return f"{of.seen:,} events looked at.{lost}{kept}"


_KINDS = {"copq": "COPQ", "other CoQ": "other CoQ", "base": "base"}


def _show_changes(title: str, changes: Sequence[Change]) -> None:
    rows = [
        (c.plant, c.product or "–", f"{c.month:%Y-%m}", c.currency, _KINDS[c.kind], f"{c.events:,}",
         *(money(m, c.currency) for m in (c.reversed, c.booked, c.delta, c.base)))
        for c in changes
    ]  # fmt: skip
    if not rows:
        out.print("No event costs anything else.")
        return
    columns = ["plant", "product", "month", "currency", "cost", "events", "net before", "net after",
               "difference", "base"]  # fmt: skip
    table(title, columns, rows, left=5)
    amounts = ((amount, c.currency) for c in changes for amount in (c.reversed, c.booked, c.base))
    if any(rounded(amount, currency) != amount for amount, currency in amounts):
        out.print("Each amount is rounded by itself: --json has all digits.")


def _show_runs(found: list[tuple[Run, list[Change]]], as_json: bool) -> None:
    if as_json:
        print_json({"repricings": [run_json(run, changes) for run, changes in found]})
    elif found:
        rows = [
            (str(run.repricing_id), when(run.started_at), run.started_by, run.why, run.state,
             str(run.revision), f"{run.seen:,} of {run.total:,}",
             f"{sum(change.events for change in changes):,}")
            for run, changes in found
        ]  # fmt: skip
        columns = ["repricing", "started", "who", "why", "state", "revision", "events", "changed"]
        table("Repricings", columns, rows, left=5)
    else:
        out.print("Nothing was repriced yet.")
