"""Brings a database's schema to the version this copq was built for, or tells that it is not.

These functions block. Inside a running event loop call them with asyncio.to_thread.
"""

import asyncio
import io
import logging
import threading
from pathlib import Path

import asyncpg

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as every copq takes the same.
LOCK = 0x636F7071
# Alembic keeps the environment it renders in as a global of the process.
RENDERING = threading.Lock()
HEAD = "head"
"""The newest version."""


class SchemaMismatch(Exception):
    """The database's schema is not the one this copq works with; the message says what to do."""


def migrate(dsn: str, migrations: Path = MIGRATIONS) -> None:
    """Apply every pending migration, all or none.

    Safe to call from several processes at once: one migrates, the others wait and find
    nothing to do. Raises SchemaMismatch where the database is ahead of this copq, OSError
    or asyncpg.PostgresError where it cannot be reached or refuses; nothing is changed then.
    """
    asyncio.run(_migrate(dsn, migrations))


def make_roles(dsn: str) -> None:
    """Make the database roles that are missing on the server, and nothing else: before a dump is
    restored there. Raises as migrate does.
    """
    asyncio.run(_make_roles(dsn))


async def migrate_to(
    connection: asyncpg.Connection, version: str = HEAD, migrations: Path = MIGRATIONS
) -> None:
    """Make the roles, and apply pending migrations up to `version`, in the caller's transaction.

    Raises SchemaMismatch where this copq knows no such version.
    """
    _revisions_after(None if version == HEAD else version, migrations)
    await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    current = await _revision(connection)
    if _revisions_after(current, migrations):
        script = await asyncio.to_thread(_render_sql, current, migrations, version)
        await connection.execute(script)


def pending(dsn: str, migrations: Path = MIGRATIONS) -> list[str]:
    """The migrations not yet applied, oldest first. Raises as migrate does."""
    return _revisions_after(asyncio.run(_current_revision(dsn)), migrations)


def check(dsn: str, migrations: Path = MIGRATIONS) -> None:
    """Raise SchemaMismatch unless the database has exactly this copq's schema."""
    if missing := pending(dsn, migrations):
        raise SchemaMismatch(
            f"the database lacks {len(missing)} migrations, from {missing[0]} on; run: copq migrate"
        )


async def _migrate(dsn: str, migrations: Path) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await migrate_to(connection, migrations=migrations)
    finally:
        await connection.close()


async def _make_roles(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute((MIGRATIONS / "sql" / "roles.sql").read_text(encoding="utf-8"))
    finally:
        await connection.close()


async def _current_revision(dsn: str) -> str | None:
    connection = await asyncpg.connect(dsn)
    try:
        return await _revision(connection)
    finally:
        await connection.close()


async def _revision(connection: asyncpg.Connection) -> str | None:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


def _revisions_after(current: str | None, migrations: Path) -> list[str]:
    # Each file is named as its revision, in one chain: alembic says the same, in a quarter second.
    known = sorted(file.stem for file in (migrations / "versions").glob("[0-9]*.py"))
    if current is None:
        return known
    if current not in known:
        raise SchemaMismatch(
            f"this copq is older than the database, whose schema is {current}; install a newer copq"
        )
    return known[known.index(current) + 1 :]


def _render_sql(current: str | None, migrations: Path, version: str) -> str:
    """The SQL of the whole upgrade, with alembic's own record of it."""
    from alembic import command  # slow to load, and of use here alone
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    script = io.StringIO()
    config = Config(output_buffer=script)
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with RENDERING:
        command.upgrade(config, f"{current}:{version}" if current else version, sql=True)
    return script.getvalue()
