"""`copq why`: what explains that the losses of one window differ from those of another."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import read_answer
from copq.command_line.commands.read.figures import money_or_dash, show_notes
from copq.command_line.commands.read.report import CurrencyOption
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
from copq.figures.hints import say_empty
from copq.figures.why import ExplainedChange, WhyAnswer, WhyRequest, answer_why
from copq.figures.why_rows import ChangePart, OneSided
from copq.figures.why_windows import MOST_WEEKS
from copq.figures.why_words import shown_amounts, signed, way_of_testing
from copq.ledger.figures import Scope
from copq.rates.book import RateBook


def why(
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    month: Annotated[str, typer.Option(help="This month, against the month before: 2026-06.")] = "",
    start: Annotated[str, typer.Option("--from", help="First production day: 2026-03-01.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last day.")] = "",
    before_start: Annotated[
        str, typer.Option("--before-from", help="First day of the window to compare with.")
    ] = "",
    before_end: Annotated[
        str, typer.Option("--before-to", help="The day after the last day of that window.")
    ] = "",
    weeks: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_WEEKS,
            help="Compare with what these weeks before lost for each unit made.",
        ),
    ] = None,
    currency: CurrencyOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what explains a change of losses: volume, mix, then its causes, and their entries.

    Without a time: the last 30 days. Without a window to compare with: as many days before it.

    Example: copq why --plant north --month 2026-06

    Example: copq why --line L1 --from 2026-06-22 --weeks 4
    """
    request = WhyRequest(
        plant=plant, line=line, product=product, group=group, grouping=grouping, month=month,
        start=start, end=end, before_start=before_start, before_end=before_end, weeks=weeks,
        currency=currency,
    )  # fmt: skip

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[WhyAnswer, str]:
        found = await answer_why(conn, book, request, now)
        scope = Scope(request.plant, request.line, request.product)
        return found, "" if found.changes else await say_empty(conn, book, scope)

    found, empty = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
        return
    _show(found, empty)


def _show(found: WhyAnswer, empty: str) -> None:
    after, before = found.windows.after, found.windows.before
    title = (
        f"Losses of {after} ({count_of(after.days, 'production day', 'production days')}) against "
        f"{before} ({before.days})"
    )
    if empty:
        out.print(f"{title}\n{empty}", soft_wrap=True)
    for change in found.changes:
        _show_change(title, change)
    for sentence in found.left_out():
        out.print(sentence, soft_wrap=True)
    show_notes(found.waiting, found.zone, found.lacks)


_SMALL = Decimal("0.0001")
_COLUMNS = ("before", "after", "a unit before", "a unit after", "units before", "units after",
            "entries before", "entries after", "p")  # fmt: skip


def _show_change(title: str, change: ExplainedChange) -> None:
    measure = (
        "" if change.measured_by == "units" else ": no units are recorded, so days count as units"
    )
    rows = [_whole(change), *_rows(change)]
    table(f"{title}{measure}", [change.currency, "change", *_COLUMNS], rows)
    out.print(change.finding, soft_wrap=True)
    causes = [part for part in change.parts if part.kind == "cause"]
    if causes:
        out.print("Entries of the window, by cause:")
    for part in causes:
        out.print(f"  {part.command}", soft_wrap=True)
    if causes:
        out.print(way_of_testing(causes), soft_wrap=True)
    for one in change.in_one_window:
        _show_one_sided(one, change.currency)
    if change.provisional:
        out.print(
            f"Open stops account for {money(change.provisional, change.currency)} "
            f"{change.currency} of both windows."
        )


def _show_one_sided(one: OneSided, currency: str) -> None:
    is_after = bool(one.after or one.entries_after)
    amount = money(one.after if is_after else one.before, currency)
    entries = count_of(one.entries_after if is_after else one.entries_before, "entry", "entries")
    which = "Not in the window before" if is_after else "Only in the window before"
    out.print(f"{which}: {one.name}, {amount} {currency} in {entries}:", soft_wrap=True)
    out.print(f"  {one.command}", soft_wrap=True)


_KINDS = {
    "volume": "volume", "mix": "mix", "without_baseline": "nothing made before",
    "everything_else": "everything else",
}  # fmt: skip


def _rows(change: ExplainedChange) -> Iterator[tuple[str, ...]]:
    """A row for each part; what nothing was made of before only where it is there."""
    shown = shown_amounts([part.change for part in change.parts], change.currency)
    for part, amount in zip(change.parts, shown, strict=True):
        if part.change or part.kind != "without_baseline":
            name = part.cause or _KINDS[part.kind]
            yield (name, signed(amount, change.currency), *_evidence(part))


def _whole(change: ExplainedChange) -> tuple[str, ...]:
    units = (_count(change.units_before), _count(change.units_after))
    currency = change.currency
    return (
        "all losses", signed(change.change, currency), money(change.before, currency),
        money(change.after, currency), _rate(change.rate_before), _rate(change.rate_after), *units,
        "", "", "",
    )  # fmt: skip


def _evidence(part: ChangePart) -> tuple[str, ...]:
    if part.kind != "cause":
        return *[""] * 8, _chance(part)
    return (
        money_or_dash(part.before, part.currency), money_or_dash(part.after, part.currency),
        _rate(part.rate_before), _rate(part.rate_after), _count(part.units_before),
        _count(part.units_after), f"{part.entries_before:,}", f"{part.entries_after:,}",
        _chance(part),
    )  # fmt: skip


def _rate(rate: Decimal | None) -> str:
    return "–" if rate is None else fixed(rate, 4)


def _count(units: Decimal | None) -> str:
    return "–" if units is None else f"{units.normalize():,f}"


def _chance(part: ChangePart) -> str:
    if part.p_value is None:
        return ""
    return "<0.0001" if part.p_value < _SMALL else fixed(part.p_value, 4)
