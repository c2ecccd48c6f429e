"""`copq rates submit`, `approve`, `reject`: one person hands in, another one decides."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.access.door import Role
from copq.command_line.acting import ByOption, actor
from copq.command_line.commands.finance.rate_changes import show_review
from copq.command_line.commands.finance.rate_options import (
    JumpOption,
    NumberArgument,
    jump_share,
    refuse_rates,
    run,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, count_of, fail, out, print_json
from copq.rates import documents as store
from copq.rates.documents import State
from copq.rates.file import RateFileError
from copq.rates.formats import read_rates
from copq.rates.review import Review, review
from copq.rates.reviewing import changes_json, concerns_json, review_document, review_json
from copq.rates.store import Imported, load


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

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq rates submit rates-2027.xlsx --why "standard costs of 2027"
    """
    share_ = jump_share(jump)
    try:
        submission = read_rates(file)

        async def work(conn: Connection, now: datetime) -> tuple[int, Review]:
            who = await actor(conn, Role.FINANCE, by)
            found = review(await load(conn), submission.rates, share_, now)
            if not found.changes:
                fail(f"{file} changes nothing in the rate book: nothing was submitted", Exit.NO)
            return await store.submit(conn, submission, who, why, share_), found

        number, found = run(work, database_url, data)
    except OSError as error:
        cannot("read", file, error)
    except RateFileError as error:
        refuse_rates(f"{file} is refused; nothing was submitted", error)
    if as_json:
        print_json({"document": number, "state": State.DRAFT, **review_json(found)})
        return
    show_review(found)
    out.print(f"Document {number} is a draft. Another person: copq rates approve {number}")


def approve(
    number: NumberArgument,
    why: Annotated[str, typer.Option(help="A note to store with it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Approve without asking.")] = False,
    by: ByOption = "",
    jump: JumpOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Approve a draft that another person submitted: the book gets a new revision.

    What it changes and what is surprising is shown first, by the --jump of its submitter unless
    another is given. Then it asks; without a terminal --yes answers.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq rates approve 7
    """
    share_ = jump_share(jump) if jump else None

    async def work(conn: Connection, now: datetime) -> tuple[Imported, Review]:
        who = await actor(conn, Role.FINANCE, by)
        document = await store.one_document(conn, number, now)
        await store.check_approver(conn, document, who)
        found = await review_document(conn, document, share_, now)
        if not as_json:
            show_review(found)
        if not yes:
            _ask(number, found)
        said = [str(concern) for concern in found.concerns]
        return await store.approve(conn, number, who, why, found.revision, said), found

    try:
        imported, found = run(work, database_url, data)
    except RateFileError as error:
        refuse_rates(f"document {number} does not fit the rate book any longer", error)
    if as_json:
        print_json(
            {"document": number, "revision": imported.revision, "changes": changes_json(imported),
             **concerns_json(found)}
        )  # fmt: skip
        return
    out.print(f"Document {number} is approved: rate book revision {imported.revision}.")


def _ask(number: int, found: Review) -> None:
    if not sys.stdin.isatty():
        seen = count_of(len(found.concerns), "thing", "things")
        fail(
            f"{seen} to look at in document {number}: copq rates review {number}. Without a "
            "terminal to ask at, approve it with --yes",
            Exit.NO,
        )
    question = "Approve it anyway?" if found.concerns else "Approve it?"
    if not typer.confirm(question):
        raise typer.Exit(Exit.NO)


def reject(
    number: NumberArgument,
    why: Annotated[str, typer.Option(help="Why; its submitter reads it.")],
    by: ByOption = "",
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Turn a draft down. The submitter withdraws it with the same command.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq rates reject 7 --why "stage capped is missing"
    """

    async def work(conn: Connection, now: datetime) -> State:
        return await store.reject(conn, number, await actor(conn, Role.FINANCE, by), why)

    if not why.strip():
        fail("--why: say why, in a few words")
    out.print(f"Document {number} is {run(work, database_url, data)}.")
