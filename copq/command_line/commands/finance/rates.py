"""`copq rates`: import and export rates, show the book."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from asyncpg import Connection

from copq.access.door import Role
from copq.command_line.acting import ByOption, actor
from copq.command_line.commands.finance.rate_changes import show_concerns, show_past
from copq.command_line.commands.finance.rate_decisions import approve, reject, submit
from copq.command_line.commands.finance.rate_documents import (
    diff,
    documents,
    review_,
    show,
)
from copq.command_line.commands.finance.rate_options import (
    JumpOption,
    jump_share,
    refuse_rates,
    run,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, err, fail, out, print_json, table
from copq.rates import documents as store
from copq.rates.book import RateBook
from copq.rates.documents import RateSubmission, import_alone
from copq.rates.figure_text import money_of
from copq.rates.file import RateFileError
from copq.rates.formats import Format, read_rates, write_rates_to
from copq.rates.review import Review, review
from copq.rates.reviewing import changes_json, concerns_json
from copq.rates.store import Imported, book_at, file_of, load
from copq.rates.yaml_text import yaml_of

app = typer.Typer(
    help="The rate book: plants, cost tables, line and labour rates; as documents that one "
    "person submits and another approves.",
    no_args_is_help=True,
)
FileArgument = Annotated[
    Path,
    typer.Argument(
        help="A rate file: .yaml, .xlsx, .csv, a folder of CSV files, or - for YAML or Excel from "
        "standard input; see docs/rates.md."
    ),
]


@app.command("import")
def import_(
    file: FileArgument,
    by: ByOption = "",
    why: Annotated[str, typer.Option(help="Why; stored with it.")] = "",
    jump: JumpOption = "25%",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import a rate file, as a whole or not at all. Running services use it within a second.

    Once finance has tokens it is submitted as a draft, which another person approves.
    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq rates import rates.xlsx
    """
    submission = read_submission(file)
    share = jump_share(jump)

    async def work(conn: Connection, now: datetime) -> tuple[int | Imported, Review]:
        who = await actor(conn, Role.FINANCE, by)
        found = review(await load(conn), submission.rates, share, now)
        reason = why or f"import of {submission.name}"
        if who.role is not None:
            return await store.submit(conn, submission, who, reason), found
        said = [str(concern) for concern in found.concerns]
        return await import_alone(conn, submission, who, reason, said), found

    try:
        done, found = run(work, database_url, data)
    except RateFileError as error:
        refuse_rates(f"{file} is refused; nothing was imported", error)
    if isinstance(done, int):
        _show_draft(done, found, as_json)
    else:
        _show_import(done, found, as_json)


def read_submission(file: Path) -> RateSubmission:
    """The rates of a file. Ends the command with the faults of a refused file."""
    try:
        return read_rates(file)
    except OSError as error:
        cannot("read", file, error)
    except RateFileError as error:
        refuse_rates(f"{file} is refused; nothing was imported", error)


def _show_draft(number: int, found: Review, as_json: bool) -> None:
    if as_json:
        print_json({"document": number, "state": "draft", **concerns_json(found)})
        return
    show_concerns(found.concerns)
    out.print(
        f"Document {number} is a draft: finance has tokens, so another person approves it.\n"
        f"See: copq rates review {number}; then: copq rates approve {number}"
    )


def _show_import(imported: Imported, found: Review, as_json: bool) -> None:
    if as_json:
        print_json(
            {"revision": imported.revision, "changes": changes_json(imported),
             **concerns_json(found)}
        )  # fmt: skip
        return
    counts: dict[str, int] = {}
    for change in imported.changes:
        counts[change.what] = counts.get(change.what, 0) + 1
    what = ", ".join(f"{number} {name}" for name, number in counts.items())
    show_concerns(found.concerns)
    out.print(f"Rate book revision {imported.revision}: {what}.")
    if imported.changed and found.past is not None:
        show_past(found.past)


@app.command("export")
def export(
    file: Annotated[
        Path | None,
        typer.Argument(help="File to write; of csv a folder. Without it YAML is printed."),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="The default is the file's ending.")
    ] = None,
    at: Annotated[
        str, typer.Option(help="A revision (3), or an instant: the book as it was then.")
    ] = "",
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Write the rate book as YAML, CSV or Excel. Importing it elsewhere gives the same book.

    Example: copq rates export rates.xlsx; copq rates export --format csv rates-folder --at 3
    """
    book = run(lambda conn, _: _book_at(conn, at), database_url, data)
    if not book.revision:
        fail("the rate book is empty. Fill it with: copq rates import FILE")
    rates = file_of(book)
    if file is None:
        if form not in (None, Format.YAML):
            fail(f"--format {form} needs a name to write to: copq rates export rates.xlsx")
        print(yaml_of(rates), end="")
        return
    try:
        written = write_rates_to(file, form or _by_ending(file), rates)
    except OSError as error:
        cannot("write", file, error)
    err.print(f"Revision {book.revision}: {', '.join(map(str, written))}", markup=False)


def _by_ending(file: Path) -> Format:
    endings = {".xlsx": Format.EXCEL, ".yaml": Format.YAML, ".yml": Format.YAML, "": Format.CSV}
    return endings.get(file.suffix.lower()) or _no_format(file)


def _no_format(file: Path) -> NoReturn:
    fail(f'"{file}" has no ending that is known: .yaml, .xlsx, or a folder (--format csv)')


async def _book_at(conn: Connection, at: str) -> RateBook:
    try:
        return await book_at(conn, at)
    except ValueError as error:
        fail(f"--at: {error}")


@app.command("list")
def list_(
    as_json: JsonOption = False, database_url: DatabaseOption = None, data: DataOption = DATA
) -> None:
    """List what the rate book holds, each with its effective date and version."""
    book = run(lambda conn, _: load(conn), database_url, data)
    if as_json:
        print_json(_book_json(book))
    else:
        _show_book(book)


def _book_json(book: RateBook) -> dict[str, object]:
    items = [
        {"kind": kind, "version": v.version, **v.item.model_dump(mode="json")}
        for kind, _, v in book.named_items()
    ]
    plants = [site.plant.model_dump(mode="json") for site in book.sites.values()]
    return {"revision": book.revision, "plants": plants, "items": items}


def _show_book(book: RateBook) -> None:
    if not book.revision:
        out.print("The rate book is empty. Fill it with: copq rates import FILE")
        return
    out.print(f"Rate book revision {book.revision}")
    table(
        "Plants",
        ["plant", "time zone", "day starts", "currency", "lines"],
        [
            (p.plant, p.time_zone, f"{p.day_start:%H:%M}", p.currency, ", ".join(p.lines) or "any")
            for p in (site.plant for site in book.sites.values())
        ],
        left=5,
    )
    rows = [
        (
            kind,
            key,
            f"{v.item.effective_from:%Y-%m-%d %H:%M %z}",
            money_of(v.item),
            str(v.version),
        )
        for kind, key, v in sorted(book.named_items(), key=lambda i: (i[0], i[1]))
    ]
    table("In the book", ["kind", "of", "from", "money", "version"], rows, left=3)


for command in (submit, review_, approve, reject, documents, show, diff):
    app.command(command.__name__.rstrip("_"))(command)
