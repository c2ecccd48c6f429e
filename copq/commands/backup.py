"""`copq backup` and `copq restore`: the database into a file, and back."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from copq.database import (
    DATA,
    DatabaseOption,
    DataOption,
    connected,
    embedded_server,
    or_unavailable,
)
from copq.exits import Exit
from copq.terminal import err, fail, out, print_json, size
from deploy.migrate import make_roles as make_service_roles
from deploy.migrate import migrate
from services.backup.programs import BackupError, dump, restore, roles_in
from services.backup.state import fence, is_empty, make_roles
from services.postgres import OWNER
from services.reporting.difference import Difference
from services.reporting.verify import verify
from services.system_errors import plainly

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it may not exist yet.")],
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Write the whole database to a file while services run. Keep the file on another machine.

    It is a dump of pg_dump in its custom form: pg_restore reads it, too. The schema stays as it is,
    so that a newer copq can back up before it migrates.

    Example: copq backup /mnt/backup/copq-$(date +%F).dump
    """
    if os.path.lexists(file):
        fail(f"{file} is there already; a backup replaces none: give another name")
    if database_url is None and not (data / "postgres").is_dir():
        fail(f"there is no data in {data}: name the folder by --data, or a server by --database")
    with _as_it_is(database_url, data) as dsn, err.status(f"Backing up to {file} …"):
        _or_fail(lambda: dump(dsn, file))
    written = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": written})
    else:
        out.print(f"Backed up to {file} ({size(written)}).", soft_wrap=True)


def restore_command(
    file: Annotated[Path, typer.Argument(help="A file of copq backup, or of pg_dump.")],
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Bring a backup back into an empty database or a new data folder, and verify it.

    As a whole or not at all; a database that already holds a ledger is refused. Ends with 1 if the
    figures do not agree. Kafka's events are read on from where the backup was.

    Example: copq restore /mnt/backup/copq-2026-03-02.dump --data copq-data
    """
    if not file.is_file():
        fail(f"there is no file {file}")
    with _as_it_is(database_url, data) as dsn, err.status(f"Restoring {file} …") as status:
        _refuse_full(dsn, "this database" if database_url else f"the data folder {data}")
        # Who is a member of what is part of the server, not of the backup.
        or_unavailable(lambda: make_service_roles(dsn))
        made = or_unavailable(lambda: asyncio.run(_with_roles(dsn, file)))
        _or_fail(lambda: restore(dsn, file))
        or_unavailable(lambda: migrate(dsn))
        status.update("Verifying …")
        goes_on, differences = asyncio.run(_looked_over(dsn))
    if as_json:
        found = [str(difference) for difference in differences]
        print_json({"made_roles": made, "goes_on": goes_on, "differences": found})
    else:
        for role in made:
            out.print(f'Made the role "{role}"; let in whom you will: grant "{role}" to USER')
        for row in goes_on:
            out.print("{topic}/{partition} goes on at offset {next_offset}.".format(**row))
        for difference in differences:
            out.print(str(difference), markup=False, soft_wrap=True)
        out.print(f"Restored {file}; {len(differences)} differences.", soft_wrap=True)
    if differences:
        raise typer.Exit(Exit.NO)


@contextmanager
def _as_it_is(url: str | None, data: Path) -> Iterator[str]:
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


async def _with_roles(dsn: str, file: Path) -> list[str]:
    """The roles that were missing: grants to them are part of the backup, they are not."""
    try:
        named = roles_in(file)
    except BackupError as error:
        fail(str(error))
    async with connected(dsn, OWNER) as conn:
        return await make_roles(conn, named)


async def _looked_over(dsn: str) -> tuple[list[dict[str, Any]], list[Difference]]:
    """Where the stream goes on, and what does not agree."""
    async with connected(dsn, OWNER) as conn:
        await conn.execute("analyze")
        return [dict(row) for row in await fence(conn)], await verify(conn)


def _or_fail(step: Callable[[], None]) -> None:
    try:
        step()
    except (BackupError, OSError) as error:
        fail(plainly(error), Exit.UNAVAILABLE)
