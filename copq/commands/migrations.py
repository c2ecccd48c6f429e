"""`copq migrate`: bring the database's schema up to this copq."""

from typing import Annotated

import asyncpg
import typer

from copq.database import DATA, DatabaseOption, DataOption
from copq.exits import Exit
from copq.terminal import fail, out
from deploy.migrate import SchemaMismatch, make_roles, migrate, pending
from services.standalone.postgres import EmbeddedPostgres, EmbeddedPostgresError
from services.system_errors import plainly


def migrate_command(
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Make the database roles alone: before a dump is restored."),
    ] = False,
    database: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Bring the database's schema up to this copq. Does nothing when it is there already."""
    step = _make_roles if roles else _migrate
    try:
        if database is not None:
            step(database)
            return
        with EmbeddedPostgres(data) as dsn:
            step(dsn)
    except (SchemaMismatch, EmbeddedPostgresError, OSError, asyncpg.PostgresError) as error:
        fail(f"Postgres: {plainly(error)}", Exit.UNAVAILABLE)


def _make_roles(dsn: str) -> None:
    make_roles(dsn)
    out.print("The database roles are there.")


def _migrate(dsn: str) -> None:
    names = pending(dsn)
    migrate(dsn)
    out.print(f"Applied {', '.join(names)}." if names else "The schema is up to date.")
