"""A document compared with the book that it changes, as an approver is shown it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.rates import documents as store
from copq.rates.book import RateBook
from copq.rates.difference import ItemDifference, since
from copq.rates.documents import Document
from copq.rates.review import Past, Review, review
from copq.rates.store import Imported, load
from copq.text.exact import exact


async def review_document(
    conn: Connection, document: Document, jump: Decimal | None, now: datetime
) -> Review:
    """The review of a document, by its submitter's jump unless another is given."""
    book, rates = await book_before(conn, document), await store.content(conn, document.number)
    return review(book, rates, document.jump if jump is None else jump, now)


async def book_before(conn: Connection, document: Document) -> RateBook:
    """The book that a document is compared with: the one that it changed, else the newest."""
    revision = document.decision.revision if document.decision else None
    return await load(conn, None if revision is None else revision - 1)


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure that changes, in words."""

    item: str
    since: str
    what: str
    field: str
    before: str
    after: str


def figure_changes(found: Iterable[ItemDifference]) -> list[FigureChange]:
    """Each figure that changes, for a row of a table."""
    return [
        FigureChange(
            one.item, since(one.effective_from), one.what, figure.field,
            _figure_text(figure.before), _figure_text(figure.after),
        )
        for one in found
        for figure in one.fields
    ]  # fmt: skip


def _figure_text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, datetime):
        return since(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def past_text(past: Past) -> str:
    """How many of the changes are of the past, and since when."""
    items = "1 item is" if past.items == 1 else f"{past.items} items are"
    return f"{items} in force from before now, the earliest from {since(past.since)}."


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
