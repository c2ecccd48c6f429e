"""`copq audit`: who decided what, from where, when and why; and the proof that it is all there."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer
from asyncpg import Connection

from copq.audit.anchor import Anchor, proof_json
from copq.audit.exported import cells_of, line_of, links_in, row_json
from copq.audit.store import audited_tables, find_faults, newest_rows, rows
from copq.audit.trail import AuditRow, Chain, Fault, Head, change_texts
from copq.command_line.commands.finance.anchors import altered_since, anchor, read_file
from copq.command_line.database import (
    DATA,
    DatabaseOption,
    DataOption,
    connected,
    database,
    query_database,
)
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, count_of, err, fail, out, print_json, table
from copq.ledger.difference import Difference
from copq.reporting.spreadsheet import lines, rows_as_csv

app = typer.Typer(
    help="The audit trail: every rate, target and token that was set, by whom and why.",
    no_args_is_help=True,
)
app.command()(anchor)
_NAMES = AuditRow._fields
_COLUMNS = ["row", "at", "who", "what", "changes", "why", "from"]
_LONGEST = 60


@app.command("list")
def list_(
    subject: Annotated[
        str, typer.Option("--table", help="Of this table alone: token, rate_item, target, …")
    ] = "",
    who: Annotated[str | None, typer.Option(help="Only by this person or token.")] = None,
    since: Annotated[str, typer.Option(help="From this day or instant on: 2026-03-01.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List decisions, the newest first: who, what, from what to what, why, from where.

    Example: copq audit list --table token --since 2026-03-01
    """
    name = subject.removeprefix("copq.")
    start = _instant(since)

    async def ask(conn: Connection) -> list[AuditRow]:
        if name and name not in (known := await audited_tables(conn)):
            fail(f'--table: the trail has no table "{name}"; its tables: {", ".join(known)}')
        return await newest_rows(conn, f"copq.{name}" if name else None, who, start, limit)

    found = query_database(ask, database_url, data)
    if as_json:
        print_json([row_json(row) for row in found])
    elif found:
        table("Audit trail", _COLUMNS, map(_row, found), left=len(_COLUMNS))
    else:
        out.print("Nothing here was decided yet.")


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f'--since: "{text}" is not a date: write 2026-03-01, or 2026-03-01T06:00:00+01:00')
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _row(row: AuditRow) -> tuple[str, ...]:
    said = [f"{name}: {text}" for name, text in change_texts(row, _LONGEST).items()]
    role = f" as {row.db_role}" if row.db_role else ""
    what = f"{row.action} {row.subject.removeprefix('copq.')}"
    return (
        str(row.seq), f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", row.who, what,
        "; ".join(said), row.why or "–", f"{row.client} {row.application} ({row.db_user}{role})",
    )  # fmt: skip


@app.command()
def verify(
    expect: Annotated[
        str, typer.Option(help="SEQ:HASH that an earlier verify printed, to compare with.")
    ] = "",
    file: Annotated[
        Path | None, typer.Option(help="Verify an export (NDJSON) instead of the database.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="A file of copq audit anchor: are its entries and events unchanged?"),
    ] = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Prove that no row was altered or taken out; print the head, to be kept elsewhere.

    The trail alone cannot tell that its end was cut off, or that all of it was rewritten: a head
    that was kept elsewhere can. A file of anchors also tells whether an entry or an event's bytes
    were changed since, and of which plant and day. Ends with 1 where something was changed.

    Example: copq audit verify --against anchors.ndjson
    """
    if against is not None and (file is not None or expect):
        fail("--against holds a head of its own: leave out --expect and --file")
    anchors, kept = read_file(against) if against is not None else ([], _head(expect))
    chain = Chain(kept)
    unlike: list[Difference] = []
    if file is not None:
        faults = _prove_file(chain, file)
    else:
        with database(database_url, data) as dsn:
            faults = asyncio.run(_prove(chain, dsn))
            unlike = asyncio.run(altered_since(dsn, anchors)) if anchors else []
    _show_proof(chain.head, faults, kept is not None, as_json, unlike, anchors)
    if faults or unlike:
        raise typer.Exit(Exit.NO)


def _head(expect: str) -> Head | None:
    try:
        return Head.parse(expect) if expect else None
    except ValueError as error:
        fail(f"--expect: {error}")


def _prove_file(chain: Chain, file: Path) -> list[Fault]:
    try:
        with file.open("rb") as found:
            faults = [fault for link in links_in(found) for fault in chain.take(link)]
    except OSError as error:
        cannot("read", file, error)
    except ValueError as error:
        fail(f"{file}: {error}")
    return [*faults, *chain.end()]


async def _prove(chain: Chain, dsn: str) -> list[Fault]:
    async with connected(dsn) as conn:
        return await find_faults(chain, _show_progress(rows(conn)))


async def _show_progress(found: AsyncIterator[AuditRow]) -> AsyncIterator[AuditRow]:
    """Yield the rows; a terminal shows how many were verified."""
    with err.status("verifying") if err.is_terminal else nullcontext() as status:
        async for row in found:
            if status is not None and row.seq % 10_000 == 0:
                status.update(f"verifying: {row.seq:,} rows")
            yield row


def _show_proof(
    head: Head, faults: list[Fault], expected: bool, as_json: bool, unlike: list[Difference],
    anchors: list[Anchor],
) -> None:  # fmt: skip
    if as_json:
        print_json(proof_json(head, faults, unlike))
        return
    for fault in faults:
        out.print(fault.what, markup=False)
    for difference in unlike:
        out.print(str(difference), markup=False, soft_wrap=True)
    if anchors:
        of = count_of(len(anchors), "anchor")
        said = count_of(len(unlike), "changed day") if unlike else "unchanged"
        out.print(f"{of} until {anchors[-1].until:%Y-%m-%d %H:%M:%S %Z}: {said}.", soft_wrap=True)
    if faults:
        out.print(f"{count_of(len(faults), 'fault')}: the trail is not what was written.")
        return
    kept = ", and what was kept of it is in it" if expected else ""
    out.print(f"{head.seq:,} rows, none altered, none missing{kept}.")
    out.print(f"Head, to keep elsewhere: {head}", soft_wrap=True)


@app.command()
def export(
    output: Annotated[
        Path | None, typer.Option(help="File to write; else the standard output.")
    ] = None,
    kind: Annotated[
        Literal["ndjson", "csv"],
        typer.Option("--format", help="ndjson can be verified without the database."),
    ] = "ndjson",
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Write the whole trail, the oldest first: NDJSON with each row's seal, or CSV.

    Example: copq audit export --output audit.ndjson; copq audit verify --file audit.ndjson
    """
    with database(database_url, data) as dsn:
        if output is None:
            asyncio.run(_export(dsn, sys.stdout, kind))
            return
        try:
            with output.open("w", encoding="utf-8", newline="") as file:
                asyncio.run(_export(dsn, file, kind))
        except OSError as error:
            cannot("write", output, error)


async def _export(dsn: str, file: TextIO, kind: str) -> None:
    if kind == "csv":
        file.write(lines([_NAMES]))
    async with connected(dsn) as conn:
        async for row in rows(conn):
            if kind == "csv":
                file.write(rows_as_csv(_NAMES, [cells_of(row)]))
            else:
                file.write(line_of(row) + "\n")
