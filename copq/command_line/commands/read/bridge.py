"""`copq projects bridge`: the savings of a project by month. `refresh`: bring them up to date."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.finance.project_options import PlantArgument, ProjectArgument
from copq.command_line.commands.read.answering import print_csv, read_answer
from copq.command_line.commands.read.figures import LimitOption, most_rows
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.options import JsonOption, PlantOption
from copq.command_line.terminal import count_of, money, out, print_json, table
from copq.database.connections import DatabaseRole
from copq.figures.books import Books
from copq.figures.bridge_answer import (
    BRIDGE_BASIS,
    TABLES,
    BridgeAnswer,
    BridgeMonth,
    BridgeRequest,
    answer_bridge,
)
from copq.figures.project_months import MonthFigures
from copq.figures.project_refresh import Refreshed, refresh
from copq.figures.what_if_entries import ChangedEntry
from copq.figures.why_words import signed
from copq.improvement.savings.bridge import Effect
from copq.periods.period import month_name
from copq.rates.book import RateBook
from copq.summary.keeping import bring_up_to_date


def bridge(
    plant: PlantArgument,
    project: ProjectArgument,
    month: Annotated[
        str, typer.Option(help='Open this month, 2026-06, or "baseline", down to its entries.')
    ] = "",
    shown: Annotated[
        str, typer.Option("--table", help=f"What CSV has: {', '.join(TABLES)}.")
    ] = TABLES[0],
    limit: LimitOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what a project saved each month, from its baseline to what was lost.

    Only performance is a saving: not volume, mix, other rates, or what finance accepted as not
    routine.

    Example: copq projects bridge north caps

    Example: copq projects bridge north caps --month 2026-06
    """
    request = BridgeRequest(plant=plant, project=project, month=month, table=shown)
    most = most_rows(limit, as_json)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> BridgeAnswer:
        return await answer_bridge(conn, Books(), book, request, now, most)

    found = read_answer(ask, database_url, data)
    if as_csv:
        print_csv(found.columns, found.table())
    elif as_json:
        print_json(found.as_json())
    else:
        _show(found, most)


_COLUMNS = ("month", "baseline", *(str(e).replace("_", " ") for e in Effect), "actual")


def _show(found: BridgeAnswer, most: int) -> None:
    if not found.months:
        out.print("No month is measured yet. Measure them with: copq projects refresh")
        return
    title = f"{found.query.project} of {found.query.plant}, {found.currency}"
    rows = [_bridge_row(one, found.currency) for one in found.months if one.figures]
    table(f"{title}: from the baseline to the month", _COLUMNS, rows, left=1)
    names = (
        "month",
        "saving",
        "shared",
        "net",
        "90 % from",
        "to",
        "demonstrated",
        "first",
        "version",
    )
    rows = [_saving_row(one, one.figures, found.currency) for one in found.months if one.figures]
    table("Savings", names, rows, left=1)
    for one in found.months:
        for line in _remarks(one):
            out.print(line, soft_wrap=True)
    _show_cells(found)
    _show_entries(found, most)
    out.print(BRIDGE_BASIS, style="dim", soft_wrap=True)


def _bridge_row(one: BridgeMonth, currency: str) -> list[str]:
    assert one.figures is not None
    effects = [signed(getattr(one.figures, effect), currency) for effect in Effect]
    ends = (one.figures.baseline, one.figures.actual)
    baseline, actual = (money(amount, currency) for amount in ends)
    return [month_name(one.month), baseline, *effects, actual]


def _saving_row(one: BridgeMonth, of: MonthFigures, currency: str) -> list[str]:
    amounts = (of.gross, of.overlap, of.net, of.low, of.high)
    first = one.first.known.net if one.first and one.first.known else None
    shown = ["–" if amount is None else money(amount, currency) for amount in (*amounts, first)]
    says = {True: "yes", False: "no", None: "–"}[of.is_demonstrated]
    version = "so far" if one.version is None else str(one.version.number)
    return [month_name(one.month), *shown[:5], says, shown[5], version]


def _remarks(one: BridgeMonth) -> list[str]:
    if one.figures is None:
        return [f"{month_name(one.month)} is not comparable: {one.reason}."]
    left = one.figures.left_as_booked
    if not left:
        return []
    events = count_of(left, "event", "events")
    return [f"{month_name(one.month)}: {events} without a cost at the frozen rates, as booked."]


def _show_cells(found: BridgeAnswer) -> None:
    if found.cells:
        names = [str(effect).replace("_", " ") for effect in Effect]
        rows = [
            [
                one.row["line"] or "–", one.row["product"] or "–",
                *(signed(one.row[effect], found.currency) for effect in Effect),
                "yes" if one.row["is_claimable"] else "no",
            ]
            for one in found.cells
        ]  # fmt: skip
        table("By line and product", ["line", "product", *names, "claimable"], rows, left=2)


def _show_entries(found: BridgeAnswer, most: int) -> None:
    if not found.entries:
        return
    names = ("entry", "day", "of", "element", "code", "booked", "at frozen rates", "currency")
    table("Entries", names, map(_entry, found.entries[:most]), left=5)
    if most < len(found.entries):
        out.print(
            f"{most:,} of {len(found.entries):,} entries are shown. All of them: "
            "--table entries --csv"
        )
    out.print("What is behind one: copq explain ENTRY", style="dim")


def _entry(one: ChangedEntry) -> tuple[str, ...]:
    number = "new" if one.entry_no is None else one.entry_no
    return (
        f"{one.event_id}#{number}", str(one.day), f"{one.plant}/{one.line}", one.element,
        one.defect_code or "–", money(one.booked, one.currency), money(one.changed, one.currency),
        one.currency,
    )  # fmt: skip


_AGAIN_S = 0.2


def refresh_projects(
    plant: PlantOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Bring the savings of approved projects up to date now; the service does so by itself.

    Days without new entries are not priced again, and months without changes are not computed.
    Where the service is measuring, it waits until that is done.

    Example: copq projects refresh
    """

    async def ask(conn: Connection) -> Refreshed:
        await bring_up_to_date(conn)
        done = None
        while done is None:
            done = await refresh(conn, Books(), datetime.now(UTC), plant, at_once=True)
            await asyncio.sleep(0 if done else _AGAIN_S)
        return done

    done = query_database(ask, database_url, data, DatabaseRole.AGGREGATOR)
    if as_json:
        print_json(asdict(done))
    else:
        out.print(
            f"{count_of(done.projects, 'project', 'projects')}: "
            f"{count_of(done.days_priced, 'day', 'days')} priced again, "
            f"{count_of(done.months, 'month', 'months')} computed, "
            f"{count_of(done.tests, 'project', 'projects')} tested."
        )
