"""How `copq rates` shows what changes in the book, and what an approver should look at."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from copq.command_line.terminal import exact, out, table
from copq.rates.difference import ItemDifference, since
from copq.rates.review import Concern, Past, Review


def show_review(found: Review) -> None:
    if not found.changes:
        out.print("It changes nothing.")
        return
    show_differences(found.changes)
    show_concerns(found.concerns)
    if found.past is not None:
        show_past(found.past)


def show_differences(found: list[ItemDifference]) -> None:
    rows = [
        (d.item, since(d.effective_from), d.what, f.field, _cell(f.before), _cell(f.after))
        for d in found
        for f in d.fields
    ]
    table("What changes", ["item", "from", "", "figure", "before", "after"], rows, left=4)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, datetime):
        return since(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def show_concerns(found: list[Concern]) -> None:
    """What an approver should look at, a line each."""
    if found:
        out.print("To look at:", style="bold")
    for concern in found:
        out.print(f"  ! {concern}", markup=False, soft_wrap=True)


def show_past(past: Past) -> None:
    """Say how many past rates change, and that booked events keep their price until repriced."""
    items = "1 item is" if past.items == 1 else f"{past.items} items are"
    out.print(
        f"{items} in force from before now, the earliest from {since(past.since)}. What was "
        "booked since keeps its price until it is repriced: copq reprice --plan",
        soft_wrap=True,
    )
