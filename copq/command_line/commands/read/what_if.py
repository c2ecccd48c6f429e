"""`copq what-if`: what a window would have cost with other events or rates."""

from datetime import datetime
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import print_csv, read_answer
from copq.command_line.commands.read.figures import LimitOption, most_rows
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import (
    GroupingOption,
    GroupOption,
    JsonOption,
    LineOption,
    PlantOption,
    ProductOption,
)
from copq.command_line.terminal import count_of, fixed, money, out, print_json, table
from copq.figures.books import Books
from copq.figures.hints import say_empty
from copq.figures.what_if import WHAT_IF_BASIS, WhatIfAnswer, answer_what_if
from copq.figures.what_if_entries import ChangedEntry
from copq.figures.what_if_query import WhatIfRequest
from copq.figures.what_if_rows import WhatIfRow, WhatIfTotal
from copq.figures.why_words import signed
from copq.ledger.arithmetic import MONEY, hours_of
from copq.rates.book import RateBook


def what_if(
    changes: Annotated[
        list[str],
        typer.Argument(help='A change: "halve code=LEAK", "move code=LEAK to mixing".'),
    ],
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    month: Annotated[str, typer.Option(help="This month: 2026-06.")] = "",
    start: Annotated[str, typer.Option("--from", help="First production day: 2026-03-01.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last day.")] = "",
    by: Annotated[str, typer.Option(help="Rows by these dimensions.")] = "category,element",
    limit: LimitOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print all entries that would differ as CSV.")
    ] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what a window would have cost with some changes; nothing is written.

    Each event that a change names is priced again. Without a time: the last 30 days.

    Example: copq what-if "halve code=LEAK" --plant north --month 2026-06

    Example: copq what-if "remove type=downtime machine=M2" "rate labour=standard by 1.1"
    """
    request = WhatIfRequest(
        change="; ".join(changes), plant=plant, line=line, product=product, group=group,
        grouping=grouping, month=month, start=start, end=end, by=by,
        table="entries" if as_csv else "rows",
    )  # fmt: skip
    most = most_rows(limit, as_json)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[WhatIfAnswer, str]:
        found = await answer_what_if(conn, Books(), book, request, now, most)
        return found, "" if found.cells else await say_empty(conn, book, found.query.scope)

    found, empty = read_answer(ask, database_url, data)
    if as_csv:
        print_csv(found.columns, found.table())
    elif as_json:
        print_json(found.as_json())
    else:
        _show(found, empty, most)


_FIGURES = ("booked", "with the changes", "difference", "h booked", "h with them", "entries")


def _show(found: WhatIfAnswer, empty: str, most: int) -> None:
    by = found.query.scope.by
    title = f"What if, {found.query.window}"
    if empty:
        out.print(f"{title}\n{empty}", soft_wrap=True)
        return
    rows = [[*_names(row, by), *_figures(row)] for row in found.rows()]
    rows += [[*_total_names(total, len(by)), *_figures(total)] for total in found.totals]
    table(title, [*by, "currency", *_FIGURES], rows, left=len(by) + 1)
    _show_changes(found)
    _show_entries(found, most)


def _names(row: WhatIfRow, by: tuple[str, ...]) -> list[str]:
    return [*(getattr(row, name) or "–" for name in by), row.currency]


def _total_names(total: WhatIfTotal, words: int) -> list[str]:
    return [f"all {total.figure}", *[""] * (words - 1), total.currency][-(words + 1) :]


def _figures(row: WhatIfRow | WhatIfTotal) -> list[str]:
    hours = (row.seconds, MONEY.add(row.seconds, row.seconds_difference))
    return [
        money(row.booked, row.currency), money(row.changed, row.currency),
        signed(row.difference, row.currency), *(fixed(hours_of(one), 2) for one in hours),
        f"{row.entries:,}",
    ]  # fmt: skip


def _show_changes(found: WhatIfAnswer) -> None:
    for one in found.changes:
        out.print(f"{one.change}: {count_of(one.events, 'event', 'events')}.", soft_wrap=True)
        for left in one.left:
            events = count_of(left.events, "event", "events")
            out.print(f"  {events} left as booked: {left.reason}.", soft_wrap=True)
    if found.unpriced:
        events = count_of(found.unpriced, "event", "events")
        out.print(f"{events} of the window without a price: in no figure. See: copq unpriced")
    out.print(WHAT_IF_BASIS, style="dim", soft_wrap=True)


_COLUMNS = ("entry", "day", "of", "element", "code", "booked", "changed", "difference", "currency")


def _show_entries(found: WhatIfAnswer, most: int) -> None:
    if not found.entries:
        out.print("No entry would differ.")
        return
    rows = map(_entry, found.entries[:most])
    table("Entries that would differ, the largest difference first", _COLUMNS, rows, left=5)
    if most < len(found.entries):
        out.print(f"{most:,} of {len(found.entries):,} entries are shown. All of them: --csv")
    out.print("What is behind one: copq explain ENTRY", style="dim")


def _entry(one: ChangedEntry) -> tuple[str, ...]:
    number = "new" if one.entry_no is None else one.entry_no
    return (
        f"{one.event_id}#{number}", str(one.day), f"{one.plant}/{one.line}", one.element,
        one.defect_code or "–", money(one.booked, one.currency), money(one.changed, one.currency),
        signed(one.difference, one.currency), one.currency,
    )  # fmt: skip
