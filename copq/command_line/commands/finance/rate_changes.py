"""How `copq rates` shows what changes in the book, and what an approver should look at."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.command_line.terminal import exact, out, table
from copq.rates import documents as store
from copq.rates.difference import ItemDifference, since
from copq.rates.documents import Document
from copq.rates.review import Concern, Past, Review, review
from copq.rates.store import Imported, load


async def review_document(
    conn: Connection, document: Document, jump: Decimal | None, now: datetime
) -> Review:
    """The review of a document, by its submitter's `--jump` unless another is given."""
    book, rates = await book_before(conn, document), await store.content(conn, document.number)
    return review(book, rates, document.jump if jump is None else jump, now)


async def book_before(conn: Connection, document: Document) -> Any:
    revision = document.decision.revision if document.decision else None
    return await load(conn, None if revision is None else revision - 1)


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


def changes_json(imported: Imported) -> list[dict[str, Any]]:
    """Each item of a file: was it added, changed or left as it was?"""
    return [asdict(change) for change in imported.changes]


def concerns_json(found: Review) -> dict[str, Any]:
    """What an approver should look at."""
    return {"concerns": [asdict(concern) for concern in found.concerns]}


def review_json(found: Review) -> dict[str, Any]:
    past = None if found.past is None else asdict(found.past)
    return {
        "compared_with": found.revision, "differences": [asdict(d) for d in found.changes],
        **concerns_json(found), "past": past,
    }  # fmt: skip
