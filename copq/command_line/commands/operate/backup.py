"""`copq backup` and `copq restore`: the database into a file, and back."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from copq.audit.store import find_faults, rows
from copq.audit.trail import Chain
from copq.backup.archive import Archive
from copq.backup.digest import digest_file, read_digest, write_digest
from copq.backup.programs import BackupError, dump
from copq.backup.restoring import restore
from copq.backup.state import fence, is_empty
from copq.command_line.database import (
    DATA,
    DatabaseOption,
    DataOption,
    connected,
    embedded_server,
    or_unavailable,
)
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import err, fail, out, print_json, size
from copq.database.connections import OWNER
from copq.figures.verify import verify
from copq.process.system_errors import plainly

T = TypeVar("T")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it may not exist yet.")],
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Write the whole database to a file while services run. Keep the file on another machine.

    It is a dump of pg_dump in its custom form: pg_restore reads it, too. The schema stays as it is,
    so that a newer copq can back up before it migrates. The SHA-256 that it prints, and writes
    into FILE.sha256, is what copq restore --expect asks for.

    Example: copq backup /mnt/backup/copq-$(date +%F).dump
    """
    for name in (file, digest_file(file)):
        if os.path.lexists(name):
            fail(f"{name} is there already; a backup replaces none: give another name")
    if database_url is None and not (data / "postgres").is_dir():
        fail(f"there is no data in {data}: name the folder by --data, or a server by --database")
    with _unmigrated_database(database_url, data) as dsn, err.status(f"Backing up to {file} …"):
        _or_fail(lambda: dump(dsn, file))
        digest = _or_fail(lambda: write_digest(file))
    written = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": written, "sha256": digest})
    else:
        out.print(f"Backed up to {file} ({size(written)}).", soft_wrap=True)
        out.print(f"SHA-256, to keep elsewhere: {digest}", soft_wrap=True)


def restore_command(
    file: Annotated[Path, typer.Argument(help="A file of copq backup, or of pg_dump.")],
    expect: Annotated[
        str | None,
        typer.Option(help="SHA-256 of the file, as copq backup printed it.", show_default=False),
    ] = None,
    without_others: Annotated[
        bool,
        typer.Option("--without-others", help="Leave out what was added to the database by hand."),
    ] = False,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Bring a backup back into an empty database or a new data folder, and verify it.

    All of it, or nothing: a database that holds a ledger is left alone. The rows alone are taken
    from the file: the schema, its functions and grants are those of this copq. Ends with 1 if the
    figures do not agree. Kafka's events are read on from where the backup was.

    Example: copq restore copq-2026-03-02.dump --expect "$(cut -c1-64 kept.sha256)"
    """
    if not file.is_file():
        fail(f"there is no file {file}")
    with _or_fail(lambda: Archive(file)) as archive:
        _prove(file, archive, expect)
        with (
            _unmigrated_database(database_url, data) as dsn,
            err.status(f"Restoring {file} …") as status,
        ):
            _refuse_full(dsn, "this database" if database_url else f"the data folder {data}")
            _or_fail(lambda: or_unavailable(lambda: asyncio.run(
                _restore(dsn, archive, without_others)
            )))  # fmt: skip
            status.update("Verifying …")
            goes_on, differences = asyncio.run(_verify_restored(dsn))
    if as_json:
        print_json({"goes_on": goes_on, "differences": differences})
    else:
        for row in goes_on:
            out.print("{topic}/{partition} goes on at offset {next_offset}.".format(**row))
        for difference in differences:
            out.print(difference, markup=False, soft_wrap=True)
        out.print(f"Restored {file}; {len(differences)} differences.", soft_wrap=True)
    if differences:
        raise typer.Exit(Exit.NO)


def _prove(file: Path, archive: Archive, expect: str | None) -> None:
    """End the command if the file is not the backup, by its SHA-256. Runs before all else."""
    stored = digest_file(file)
    if expect is None and not stored.is_file():
        err.print(
            f"Nothing proves that {file} is your backup: give its SHA-256, as copq backup printed "
            "it, by --expect. Only rows are taken from it, and they are verified.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
        return
    wanted = expect if expect is not None else _or_fail(lambda: read_digest(stored))
    if wanted.strip().lower() != (found := archive.sha256):
        of = "--expect" if expect is not None else str(stored)
        fail(
            f"{file} is not the file that was backed up: its SHA-256 is {found}, that of {of} is "
            f"{wanted}. Nothing was restored: take another copy of the backup", Exit.NO,
        )  # fmt: skip


@contextmanager
def _unmigrated_database(url: str | None, data: Path) -> Iterator[str]:
    """The address of a database whose schema may be of any version: nothing is migrated."""
    if url is not None:
        yield url
        return
    with embedded_server(data) as (dsn, _):
        yield dsn


def _refuse_full(dsn: str, what: str) -> None:
    async def empty() -> bool:
        async with connected(dsn, OWNER) as conn:
            return await is_empty(conn)

    if not or_unavailable(lambda: asyncio.run(empty())):
        fail(
            f"{what} holds a ledger already, and a backup goes into an empty one: name another "
            "by --data or --database, or move this one away first"
        )


async def _restore(dsn: str, archive: Archive, without_others: bool) -> None:
    async with connected(dsn, OWNER) as conn:
        await restore(conn, archive, without_others=without_others)


async def _verify_restored(dsn: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The offsets where the stream continues, and all differences of figures and audit trail."""
    async with connected(dsn, OWNER) as conn:
        await conn.execute("analyze")
        faults = [fault.what for fault in await find_faults(Chain(), rows(conn))]
        found = [str(difference) for difference in await verify(conn)]
        return [dict(row) for row in await fence(conn)], faults + found


def _or_fail(step: Callable[[], T]) -> T:
    try:
        return step()
    except (BackupError, OSError) as error:
        fail(plainly(error), Exit.UNAVAILABLE)
