"""`copq entries`: the ledger behind a figure, and its sums."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from asyncpg import Connection

from copq.command_line.commands.read.figures import when
from copq.command_line.commands.read.report import ElementOption
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.options import (
    EndOption,
    GroupingOption,
    GroupOption,
    JsonOption,
    LineOption,
    PlantOption,
)
from copq.command_line.terminal import fail, fixed, money, one_of, out, print_json, table
from copq.figures.basis import As
from copq.figures.books import Books, Reading
from copq.figures.entries import CATEGORIES
from copq.figures.entries_answer import EntriesAnswer, answer_entries
from copq.figures.entries_json import entries_json
from copq.figures.entries_request import EXAMPLE, EntriesRequest
from copq.figures.entries_table import COLUMNS, table_rows
from copq.figures.event_account import is_kept, nothing_kept
from copq.reporting.spreadsheet import lines, rows_as_csv


def entries(
    plant: PlantOption = None,
    line: LineOption = None,
    product: Annotated[str | None, typer.Option(help="Only this product; empty: none.")] = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    grouped_on: Annotated[
        str, typer.Option(help="The day whose groups count; else that of each entry.")
    ] = "",
    element: ElementOption = None,
    category: Annotated[
        str | None,
        typer.Option(
            help="One category, copq for all failure, or coq for all cost of quality.",
            callback=one_of(CATEGORIES),
        ),
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Only this stage; empty: none.")] = None,
    code: Annotated[str | None, typer.Option(help="Only this code; empty: none.")] = None,
    machine: Annotated[str | None, typer.Option(help="Only this machine; empty: none.")] = None,
    shift: Annotated[str | None, typer.Option(help="Only this shift; empty: none.")] = None,
    supplier: Annotated[str | None, typer.Option(help="Only this supplier; empty: none.")] = None,
    function: Annotated[str | None, typer.Option(help="Only this function; empty: none.")] = None,
    attributes: Annotated[
        str, typer.Option(help=f"Only these attributes, as JSON: {EXAMPLE}; empty text: none.")
    ] = "",
    event: Annotated[str | None, typer.Option(help="Only this event.")] = None,
    hour: Annotated[str, typer.Option(help="Only this hour: 2026-03-01T06:00.")] = "",
    day: Annotated[str, typer.Option(help="Only this production day: 2026-03-01.")] = "",
    month: Annotated[str, typer.Option(help="Only this month: 2026-03.")] = "",
    period: Annotated[
        str, typer.Option(help="Booked in this month, whenever it happened: 2026-10.")
    ] = "",
    reported: Annotated[
        str,
        typer.Option(
            "--as",
            help="restated: as it is now; first-reported: as each month closed.",
            callback=one_of(tuple(As)),
        ),
    ] = As.RESTATED,
    start: Annotated[str, typer.Option("--from", help="First production day or instant.")] = "",
    end: EndOption = "",
    trailing: Annotated[
        Literal["1h", "24h", "30d"] | None, typer.Option(help="The window that ends now.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show; the sums cover all.")] = 50,
    as_json: JsonOption = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print all of them as CSV, with formula and event.")
    ] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show the ledger behind a figure: its entries, newest first, and their sums.

    Without a time: the last 30 days. As GET /v1/entries, with the same filters.

    Booked in October for September: copq entries --period 2026-10 --month 2026-09

    Example: copq entries --plant north --day 2026-03-01 --category copq --csv > entries.csv
    """
    buckets = [(grain, at) for grain, at in (("hour", hour), ("day", day), ("month", month)) if at]
    if len(buckets) > 1:
        fail("name the time once: --hour, --day or --month")
    grain, bucket = buckets[0] if buckets else ("day", "")
    request = EntriesRequest(
        plant=plant, line=line, product=product, group=group, grouping=grouping,
        grouped_on=grouped_on, element=element, category=category, stage=stage, defect_code=code,
        work_unit=machine, shift=shift, supplier=supplier, function=function,
        attributes=attributes, event_id=event,
        grain=grain, bucket=bucket, start=start, end=end, trailing=trailing, period=period,
        reported=reported,
    )  # fmt: skip

    async def read(conn: Connection) -> EntriesAnswer | None:
        books, now = Books(), datetime.now(UTC)
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            book = await books.newest(conn)
            reading = Reading(conn, book, books, now)
            await _check_event(conn, event)
            if as_csv:
                which, window = await request.entry_filter(conn, book, now)
                sys.stdout.write(lines([COLUMNS]))
                async for rows in table_rows(reading, which, window):
                    sys.stdout.write(rows_as_csv(COLUMNS, rows))
                return None
            return await answer_entries(reading, request, limit)

    try:
        found = query_database(read, database_url, data)
    except ValueError as error:
        fail(str(error))
    if as_json and found:
        print_json(entries_json(found))
    elif found:
        _show_entries(entries_json(found), event)


async def _check_event(conn: Connection, event: str | None) -> None:
    if event is not None and not await is_kept(conn, event):
        raise ValueError(nothing_kept(event))


_OVER_EDGE = "over the window's edge"
_SHOWN = ["entry", "at", "of", "element", "product", "net", "currency", "formula"]


def _show_entries(page: dict[str, Any], event: str | None) -> None:
    if page["entries"]:
        _show_booked(page)
    else:
        see = f" See: copq explain {event}" if event is not None else ""
        out.print(f"No entry here.{see}", markup=False)
    for one in [*page["open_stops"], *page["edges"]]:
        what = f"{one['event_id']}, a stop of line {one['line']}"
        out.print(f"{what}, {one.get('note', _OVER_EDGE)}: {one['formula']}", markup=False)
    for name, what in (("open_stops", "open stops"), ("edges", "stops over an edge")):
        if len(page[name]) < page[f"{name}_total"]:
            out.print(f"{len(page[name]):,} of {page[f'{name}_total']:,} {what} are shown.")
    for figure in page["figures"]:
        if figure["net"] != figure["booked"]:
            net = money(figure["net"], figure["currency"])
            out.print(f"With these stops the figure is {net} {figure['currency']}.")


def _show_booked(page: dict[str, Any]) -> None:
    table("Entries, the newest first", _SHOWN, map(_row, page["entries"]), left=len(_SHOWN))
    for total in page["totals"]:
        net, base = (money(total[name], total["currency"]) for name in ("net", "base"))
        out.print(
            f"All {total['lines']:,} lines: net {net} {total['currency']}, base {base}, "
            f"{_units(page, total)}{fixed(total['hours'], 2)} h lost; "
            f"{total['entries']:,} entries stand."
        )
    if page["next"]:
        out.print("There are more: --limit shows them, --csv all of them.")
    out.print("What is behind one: copq explain ENTRY", style="dim")


def _units(page: dict[str, Any], total: dict[str, Any]) -> str:
    """The units of entries of one element: a unit that was made and rejected is in two."""
    is_of_one = len({part["element"] for part in page["parts"]}) == 1
    return f"{total['quantity']:,f} units, " if is_of_one and total["quantity"] else ""


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['event_id']}#{row['entry_no']}", when(row["occurred_at"]),
        "/".join(filter(None, (row["plant"], row["line"]))), row["element"], row["product"] or "–",
        money(row["net"], row["currency"]), row["currency"],
        row["formula"] if row["agrees"] is not False else f"{row['formula']}: {row['note']}",
    )  # fmt: skip
