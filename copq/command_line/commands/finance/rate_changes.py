"""How `copq rates` shows what changes in the book, and what an approver should look at."""

from dataclasses import astuple

from copq.command_line.terminal import out, table
from copq.rates.difference import ItemDifference
from copq.rates.review import Concern, Past, Review
from copq.rates.reviewing import figure_changes, past_text


def show_review(found: Review) -> None:
    if not found.changes:
        out.print("It changes nothing.")
        return
    show_differences(found.changes)
    show_concerns(found.concerns)
    if found.past is not None:
        show_past(found.past)


def show_differences(found: list[ItemDifference]) -> None:
    rows = map(astuple, figure_changes(found))
    table("What changes", ["item", "from", "", "figure", "before", "after"], rows, left=4)


def show_concerns(found: list[Concern]) -> None:
    """What an approver should look at, a line each."""
    if found:
        out.print("To look at:", style="bold")
    for concern in found:
        out.print(f"  ! {concern}", markup=False, soft_wrap=True)


def show_past(past: Past) -> None:
    """Say how many past rates change, and that booked events keep their price until repriced."""
    out.print(
        f"{past_text(past)} What was booked since keeps its price until it is repriced: "
        "copq reprice --plan",
        soft_wrap=True,
    )
