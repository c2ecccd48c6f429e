"""`copq migrate`: bring the database's schema up to this copq."""

import asyncpg

from copq.database import DATA, DatabaseOption, DataOption
from copq.exits import Exit
from copq.terminal import fail, out
from deploy.migrate import SchemaMismatch, migrate, pending
from services.standalone.postgres import EmbeddedPostgres, EmbeddedPostgresError


def migrate_command(database: DatabaseOption = None, data: DataOption = DATA) -> None:
    """Bring the database's schema up to this copq. Does nothing when it is there already."""
    try:
        if database is not None:
            _migrate(database)
            return
        with EmbeddedPostgres(data) as dsn:
            _migrate(dsn)
    except (SchemaMismatch, EmbeddedPostgresError, OSError, asyncpg.PostgresError) as error:
        fail(f"Postgres: {error}", Exit.UNAVAILABLE)


def _migrate(dsn: str) -> None:
    names = pending(dsn)
    migrate(dsn)
    out.print(f"Applied {', '.join(names)}." if names else "The schema is up to date.")
