"""`copq rates documents`, `show`, `review`, `diff`: documents and versions, shown and compared."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.commands.finance.rate_changes import show_differences, show_review
from copq.command_line.commands.finance.rate_options import (
    JumpOption,
    NumberArgument,
    jump_share,
    run,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, fail, out, print_json, table
from copq.rates import documents as store
from copq.rates.difference import ItemDifference, difference, item_name, since
from copq.rates.documents import Document
from copq.rates.figure_text import money_of
from copq.rates.file import items_of
from copq.rates.review import Review
from copq.rates.reviewing import book_before, review_document, review_json
from copq.rates.store import book_with, file_of, load
from copq.schemas.rates import RateFile


def review_(
    number: NumberArgument,
    jump: JumpOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what a document changes: figures, gaps, overlaps, surprises, and changes of the past.

    A draft is compared with the book as it is, a document that was approved with the book before.

    Example: copq rates review 7 --jump 10%
    """
    share_ = jump_share(jump) if jump else None

    async def work(conn: Connection, now: datetime) -> tuple[Document, Review]:
        document = await store.one_document(conn, number, now)
        return document, await review_document(conn, document, share_, now)

    document, found = run(work, database_url, data)
    if as_json:
        print_json({**_document_json(document), **review_json(found)})
        return
    out.print(_describe_document(document), markup=False, soft_wrap=True)
    show_review(found)


def documents(
    as_json: JsonOption = False, database_url: DatabaseOption = None, data: DataOption = DATA
) -> None:
    """List all rate documents and their states.

    Example: copq rates documents
    """
    found = run(store.documents, database_url, data)
    if as_json:
        print_json({"documents": [_document_json(document) for document in found]})
        return
    if not found:
        out.print("There is no rate document. Make one with: copq rates submit FILE --why …")
        return
    rows = [
        (
            str(d.number), d.state, d.name, d.submitted_by, f"{d.submitted_at:%Y-%m-%d %H:%M}",
            _decided_by(d), d.why, str(d.decision.revision or "") if d.decision else "",
        )
        for d in found
    ]  # fmt: skip
    columns = ["document", "state", "file", "submitted by", "at (UTC)", "decided by", "why"]
    table("Rate documents", [*columns, "revision"], rows, left=len(columns))


def _decided_by(document: Document) -> str:
    if document.decision is None:
        return "–"
    return f"{document.decision.by} (alone)" if document.decision.alone else document.decision.by


def show(
    number: NumberArgument,
    original: Annotated[
        Path | None, typer.Option(help="Write the file here, as it was submitted.")
    ] = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show a document: who submitted it, who decided, why, and its content.

    Example: copq rates show 7 --original rates.xlsx
    """

    async def work(conn: Connection, now: datetime) -> tuple[Document, RateFile, bytes]:
        document = await store.one_document(conn, number, now)
        return document, await store.content(conn, number), await store.original(conn, number)

    document, rates, handed_in = run(work, database_url, data)
    if original is not None:
        try:
            original.write_bytes(handed_in)
        except OSError as error:
            cannot("write", original, error)
    if as_json:
        print_json({**_document_json(document), "content": rates.model_dump(mode="json")})
        return
    out.print(_describe_document(document), markup=False, soft_wrap=True)
    rows = [
        (item_name(kind, item), since(start), money_of(item))
        for kind, _, start, item in items_of(rates)
    ]
    table("What it says", ["item", "from", "money"], rows, left=2)


def diff(
    a: Annotated[str, typer.Argument(help="A revision (3), a document (d7), or now.")],
    b: Annotated[str | None, typer.Argument(help="What to compare it with.")] = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show the differences between two versions of the rate book, or the changes of one.

    A document stands for the book with it.

    Example: copq rates diff 3 now; copq rates diff d7
    """

    async def work(conn: Connection, now: datetime) -> list[ItemDifference]:
        before, after = await _versions(conn, a)
        return difference(
            *((before, after) if b is None else (after, (await _versions(conn, b))[1]))
        )

    found = run(work, database_url, data)
    if as_json:
        print_json({"differences": [asdict(item) for item in found]})
    elif found:
        show_differences(found)
    else:
        out.print("No difference.")


async def _versions(conn: Connection, name: str) -> tuple[RateFile, RateFile]:
    """The book before the named revision or document, and the book with it."""
    if name == "now":
        newest = await load(conn)
        return file_of(await load(conn, newest.revision - 1)), file_of(newest)
    if name.removeprefix("d").isdecimal() and name.startswith("d"):
        document = await store.one_document(conn, int(name[1:]))
        before = await book_before(conn, document)
        content = await store.content(conn, document.number)
        return file_of(before), file_of(book_with(before, content))
    if not name.isdecimal():
        fail(f'"{name}" is neither a revision (3), nor a document (d7), nor now')
    newest = await load(conn)
    if not 1 <= int(name) <= newest.revision:
        fail(f"there is no revision {name}: the newest is {newest.revision}")
    return file_of(await load(conn, int(name) - 1)), file_of(await load(conn, int(name)))


def _describe_document(document: Document) -> str:
    submitted = f"{document.submitted_by}, {document.submitted_at:%Y-%m-%d %H:%M %Z}"
    said = f"Document {document.number} ({document.name}): {document.state}\n"
    said += f"Submitted by {submitted}: {document.why}"
    found = document.decision
    if found is not None:
        alone = ", in one step, while finance had no tokens" if found.alone else ""
        note = f": {found.why}" if found.why else ""
        said += (
            f"\n{found.what.capitalize()} by {found.by}, {found.at:%Y-%m-%d %H:%M %Z}{alone}{note}"
        )
        said += "".join(f"\n  ! {concern}" for concern in found.concerns)
    return said


def _document_json(document: Document) -> dict[str, Any]:
    return asdict(document)
