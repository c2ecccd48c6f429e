"""`copq migrate`: bring the database's schema up to this copq."""

from typing import Annotated

import typer

from copq.command_line.database import (
    DATA,
    DatabaseOption,
    DataOption,
    embedded_server,
    or_unavailable,
)
from copq.command_line.terminal import out
from copq.database.migrate import make_roles, migrate, pending


def migrate_command(
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Only make the database roles, before a dump is restored."),
    ] = False,
    database: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Bring the database's schema up to this copq. Does nothing if it is up to date."""
    step = _make_roles if roles else _migrate
    if database is not None:
        or_unavailable(lambda: step(database))
        return
    with embedded_server(data) as (dsn, _):
        or_unavailable(lambda: step(dsn))


def _make_roles(dsn: str) -> None:
    make_roles(dsn)
    out.print("The database roles are there.")


def _migrate(dsn: str) -> None:
    names = pending(dsn)
    migrate(dsn)
    out.print(f"Applied {', '.join(names)}." if names else "The schema is up to date.")
