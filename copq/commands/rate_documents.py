"""`copq rates submit`, `review`, `approve`, `reject`, `documents`, `show`, `diff`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from asyncpg import Connection

from copq.acting import actor
from copq.commands.targets import share
from copq.database import DATA, DatabaseOption, DataOption, connected, database
from copq.exits import Exit
from copq.terminal import cannot, exact, fail, out, print_json, table
from schemas.rates import RateFile
from services.access.door import Role
from services.postgres import DatabaseRole
from services.rates import documents as store
from services.rates.difference import ItemDifference, difference, named, since
from services.rates.documents import Document, NoDocument, NotPossible, State
from services.rates.file import RateFileError, items_of
from services.rates.formats import read_rates
from services.rates.review import Concern, Past, Review, review
from services.rates.store import Imported, book_with, file_of, load

T = TypeVar("T")
ByOption = Annotated[str, typer.Option(help="Who does it; with COPQ_TOKEN set, its holder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JumpOption = Annotated[
    str,
    typer.Option(
        envvar="COPQ_RATES_JUMP", help="A figure that changes by more than this share is shown."
    ),
]
NumberArgument = Annotated[int, typer.Argument(help="The document; see copq rates documents.")]


def add_to(app: typer.Typer) -> None:
    """The commands about documents, beside those about the book."""
    for command in (submit, review_, approve, reject, documents, show, diff):
        app.command(command.__name__.rstrip("_"))(command)


def submit(
    file: Annotated[Path, typer.Argument(help="A rate file: .yaml, .xlsx, .csv, or a folder.")],
    why: Annotated[str, typer.Option(help="Why the rates change.")],
    by: ByOption = "",
    jump: JumpOption = "25%",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Submit a rate file as a draft. Nothing changes until another person approves it.

    Example: copq rates submit rates-2027.xlsx --why "standard costs of 2027"
    """
    share_ = surprising(jump)
    try:
        handed_in = read_rates(file)

        async def work(conn: Connection, now: datetime) -> tuple[int, Review]:
            who = await actor(conn, Role.FINANCE, by)
            found = review(await load(conn), handed_in.rates, share_, now)
            if not found.changes:
                fail(f"{file} changes nothing in the rate book: nothing was submitted", Exit.NO)
            return await store.submit(conn, handed_in, who, why), found

        number, found = run(work, database_url, data)
    except OSError as error:
        cannot("read", file, error)
    except RateFileError as error:
        refuse(f"{file} is refused; nothing was submitted", error)
    if as_json:
        print_json({"document": number, "state": State.DRAFT, **_review_json(found)})
        return
    _show_review(found)
    out.print(f"Document {number} is a draft. Another person: copq rates approve {number}")


def review_(
    number: NumberArgument,
    jump: JumpOption = "25%",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what a document changes: figures, gaps, overlaps, surprises, and what of it is past.

    A draft is compared with the book as it is, a document that was approved with the book before.

    Example: copq rates review 7 --jump 10%
    """
    share_ = surprising(jump)

    async def work(conn: Connection, now: datetime) -> tuple[Document, Review]:
        document = await store.one_document(conn, number, now)
        return document, await _reviewed(conn, document, share_, now)

    document, found = run(work, database_url, data)
    if as_json:
        print_json({**_document_json(document), **_review_json(found)})
        return
    out.print(_told(document), markup=False, soft_wrap=True)
    _show_review(found)


def approve(
    number: NumberArgument,
    why: Annotated[str, typer.Option(help="A note, for the record.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Approve in spite of what is shown, without asking.")
    ] = False,
    by: ByOption = "",
    jump: JumpOption = "25%",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Approve a draft that another person submitted: the book gets a new revision.

    What is surprising in it is shown, and asked about, before.

    Example: copq rates approve 7
    """
    share_ = surprising(jump)

    async def work(conn: Connection, now: datetime) -> tuple[Imported, Review]:
        who = await actor(conn, Role.FINANCE, by)
        document = await store.one_document(conn, number, now)
        store.check_two_people(document, who)
        found = await _reviewed(conn, document, share_, now)
        if not as_json:
            _show_review(found)
        if found.concerns and not yes:
            _ask(number, found)
        said = [str(concern) for concern in found.concerns]
        return await store.approve(conn, number, who, why, found.revision, said), found

    try:
        imported, found = run(work, database_url, data)
    except RateFileError as error:
        refuse(f"document {number} does not fit the rate book any longer", error)
    if as_json:
        print_json(
            {"document": number, "revision": imported.revision, "changes": changes_json(imported),
             **concerns_json(found)}
        )  # fmt: skip
        return
    out.print(f"Document {number} is approved: rate book revision {imported.revision}.")


def _ask(number: int, found: Review) -> None:
    if not sys.stdin.isatty():
        count = len(found.concerns)
        fail(
            f"{count} {'things' if count > 1 else 'thing'} to look at in document {number}: "
            f"copq rates review {number}; approve them with --yes",
            Exit.NO,
        )
    if not typer.confirm("Approve it all the same?"):
        raise typer.Exit(Exit.NO)


def reject(
    number: NumberArgument,
    why: Annotated[str, typer.Option(help="Why; its submitter reads it.")],
    by: ByOption = "",
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Turn a draft down. Whoever submitted it withdraws it so.

    Example: copq rates reject 7 --why "stage capped is missing"
    """

    async def work(conn: Connection, now: datetime) -> State:
        return await store.reject(conn, number, await actor(conn, Role.FINANCE, by), why)

    if not why.strip():
        fail("--why: say why, in a few words")
    out.print(f"Document {number} is {run(work, database_url, data)}.")


def documents(
    as_json: JsonOption = False, database_url: DatabaseOption = None, data: DataOption = DATA
) -> None:
    """List all rate documents, and what became of each.

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
            _decided(d), d.why, str(d.decision.revision or "") if d.decision else "",
        )
        for d in found
    ]  # fmt: skip
    columns = ["document", "state", "file", "submitted by", "at (UTC)", "decided by", "why"]
    table("Rate documents", [*columns, "revision"], rows, left=len(columns))


def _decided(document: Document) -> str:
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
    """Show a document: who submitted and who decided it, why, and all that it says.

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
    out.print(_told(document), markup=False, soft_wrap=True)
    rows = [
        (named(kind, item), since(start), money_of(item))
        for kind, _, start, item in items_of(rates)
    ]
    table("What it says", ["item", "from", "money"], rows, left=2)


def money_of(item: Any) -> str:
    """The figure that tells most of an item."""
    finished = getattr(item, "finished", None)
    rate = getattr(item, "rate_per_minute", None)
    if finished is not None:
        return f"{exact(finished.cost)} {item.currency} a unit"
    return "" if rate is None else f"{exact(rate)} a minute"


def diff(
    a: Annotated[str, typer.Argument(help="A revision (3), a document (d7), or now.")],
    b: Annotated[str | None, typer.Argument(help="The one to compare it with.")] = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what two versions of the rate book differ in; of one, what it changed.

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
        _show_differences(found)
    else:
        out.print("No difference.")


async def _versions(conn: Connection, name: str) -> tuple[RateFile, RateFile]:
    """The book before and with what is named."""
    if name == "now":
        newest = await load(conn)
        return file_of(await load(conn, newest.revision - 1)), file_of(newest)
    if name.removeprefix("d").isdecimal() and name.startswith("d"):
        document = await store.one_document(conn, int(name[1:]))
        before = await _book_before(conn, document)
        content = await store.content(conn, document.number)
        return file_of(before), file_of(book_with(before, content))
    if not name.isdecimal():
        fail(f'"{name}" is neither a revision (3), nor a document (d7), nor now')
    newest = await load(conn)
    if not 1 <= int(name) <= newest.revision:
        fail(f"there is no revision {name}: the newest is {newest.revision}")
    return file_of(await load(conn, int(name) - 1)), file_of(await load(conn, int(name)))


async def _book_before(conn: Connection, document: Document) -> Any:
    revision = document.decision.revision if document.decision else None
    return await load(conn, None if revision is None else revision - 1)


async def _reviewed(conn: Connection, document: Document, jump: Decimal, now: datetime) -> Review:
    book = await _book_before(conn, document)
    return review(book, await store.content(conn, document.number), jump, now)


def surprising(text: str) -> Decimal:
    """The share of `--jump`."""
    found = share(text)
    if found is None or found < 0:
        fail(f'--jump: "{text}" is no share: write 25% or 0.25')
    return found


def run(work: Callable[[Connection, datetime], Awaitable[T]], url: str | None, data: Path) -> T:
    """What `work` answers, given a connection and the instant. What is not possible is said."""

    async def connect(dsn: str) -> T:
        async with connected(dsn, DatabaseRole.FINANCE) as conn:
            return await work(conn, datetime.now(UTC))

    with database(url, data) as dsn:
        try:
            return asyncio.run(connect(dsn))
        except NotPossible as error:
            fail(str(error), Exit.USAGE if isinstance(error, NoDocument) else Exit.NO)


def refuse(what: str, error: RateFileError) -> NoReturn:
    """Leave, with all that is wrong with a file."""
    shown = error.faults[:_FAULTS]
    more = len(error.faults) - len(shown)
    faults = "\n".join(f"  - {fault}" for fault in shown)
    fail(f"{what}:\n{faults}" + (f"\n  … and {more:,} more" if more else ""))


_FAULTS = 50


def _told(document: Document) -> str:
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


def _show_review(found: Review) -> None:
    if not found.changes:
        out.print("It changes nothing.")
        return
    _show_differences(found.changes)
    show_concerns(found.concerns)
    if found.past is not None:
        show_past(found.past)


def _show_differences(found: list[ItemDifference]) -> None:
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
    """What a change of the past does, and does not."""
    items = "1 item is" if past.items == 1 else f"{past.items} items are"
    out.print(
        f"{items} in force from before now, the earliest from {since(past.since)}. What was "
        "booked since keeps its price until it is repriced: copq reprice --plan",
        soft_wrap=True,
    )


def changes_json(imported: Imported) -> list[dict[str, Any]]:
    """What became of each item of a file."""
    return [asdict(change) for change in imported.changes]


def concerns_json(found: Review) -> dict[str, Any]:
    """What an approver should look at."""
    return {"concerns": [asdict(concern) for concern in found.concerns]}


def _review_json(found: Review) -> dict[str, Any]:
    past = None if found.past is None else asdict(found.past)
    return {
        "compared_with": found.revision, "differences": [asdict(d) for d in found.changes],
        **concerns_json(found), "past": past,
    }  # fmt: skip


def _document_json(document: Document) -> dict[str, Any]:
    return asdict(document)
