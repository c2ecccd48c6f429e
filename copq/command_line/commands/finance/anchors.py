"""`copq audit anchor`, and `copq audit verify --against`: digests that are kept elsewhere."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.access.door import Role
from copq.audit.anchor import Anchor, AnchorFileError, anchor_json, file_of, read_anchors
from copq.audit.anchoring import altered_days, anchors, make_anchor
from copq.audit.store import head_of
from copq.audit.trail import Head
from copq.command_line.acting import WhyOption, actor
from copq.command_line.database import DATA, DatabaseOption, DataOption, connected, database
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, count_of, fail, out, print_json, size
from copq.database.connections import DatabaseRole
from copq.ledger.difference import Difference
from copq.process.whole_file import write_whole


def anchor(
    output: Annotated[
        Path | None,
        typer.Option(help="File to write all anchors to; one of before is continued."),
    ] = None,
    by: Annotated[
        str, typer.Option(help="Who anchors, where no token of finance is asked for.")
    ] = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Anchor what is booked and received: a digest for each plant and day, in the audit trail.

    Keep the file where the database's administrator cannot reach: copq audit verify --against
    FILE then finds what was changed since. A file that is there already has to agree with the
    database. For finance: once there is a token of it, COPQ_TOKEN has to hold one.

    Example: copq audit anchor --output anchors.ndjson
    """
    before = read_file(output)[0] if output is not None and output.exists() else []
    with database(database_url, data) as dsn:
        made, head = asyncio.run(_anchor(dsn, before, by, why))
    if output is not None:
        _write(output, made, head)
    _show(made, head, output, as_json)


async def _anchor(dsn: str, before: list[Anchor], by: str, why: str) -> tuple[list[Anchor], Head]:
    async with connected(dsn, DatabaseRole.FINANCE) as conn:
        await _refuse_other_past(conn, before)
        await make_anchor(conn, await actor(conn, Role.FINANCE, by), why)
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return await anchors(conn), await head_of(conn)


async def _refuse_other_past(conn: Connection, before: list[Anchor]) -> None:
    """End the command if the database contradicts the anchors in the file: they stay."""
    if before != (await anchors(conn))[: len(before)]:
        fail(
            "the file holds other anchors than the database, and stays as it is: see what was "
            "changed by copq audit verify --against, or name another file",
            Exit.NO,
        )


def _write(output: Path, made: list[Anchor], head: Head) -> None:
    try:
        write_whole(output, file_of(made, head).encode(), 0o600)
    except OSError as error:
        cannot("write", output, error)


def _show(made: list[Anchor], head: Head, output: Path | None, as_json: bool) -> None:
    of = anchor_json(made[-1], head)
    if as_json:
        print_json(of)
        return
    out.print(
        f"Anchor {of['anchor']}: {count_of(of['entries'], 'entry', 'entries')} and "
        f"{count_of(of['events'], 'event')} since the one before, "
        f"{count_of(of['digests'], 'digest')}.", soft_wrap=True,
    )  # fmt: skip
    if output is not None:
        out.print(f"All anchors are in {output} ({size(output.stat().st_size)}): keep it "
                  "elsewhere.", soft_wrap=True)  # fmt: skip
    out.print(f"Head, to keep elsewhere: {head}", soft_wrap=True)


def read_file(file: Path) -> tuple[list[Anchor], Head]:
    """A file of `copq audit anchor`; anything else ends the command."""
    try:
        with file.open(encoding="utf-8") as lines:
            return read_anchors(lines)
    except OSError as error:
        cannot("read", file, error)
    except (AnchorFileError, UnicodeDecodeError) as error:
        fail(f"{file}: {error}")


async def altered_since(dsn: str, kept: list[Anchor]) -> list[Difference]:
    """Compare the current entries and events with the anchors of a file."""
    async with (
        connected(dsn, DatabaseRole.FINANCE) as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await altered_days(conn, kept)
