"""Data of an archive into a schema that our own migrations make: all of it, or nothing.

No statement of the archive is executed. The schema has the version that the archive names, and
is brought up to date afterwards. The connection needs no more rights than `copq migrate`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import asyncpg
from asyncpg import Connection

from copq.backup.archive import Archive
from copq.backup.contents import Item, foreign_items, month_of, parent_of
from copq.backup.programs import BackupError
from copq.database.migrate import SchemaMismatch, migrate_to
from copq.database.queries import Queries
from copq.process.system_errors import plainly

_SQL = Queries.of(__file__)
_VERSION = "TABLE DATA", "alembic_version"
_SHOWN = 10


class Table(NamedTuple):
    """A table of the schema, as the query `columns` answers it."""

    schema: str
    name: str
    columns: list[str]
    has_triggers: bool


async def restore(conn: Connection, archive: Archive, *, without_others: bool = False) -> str:
    """Fill an empty database; return the version of the archive's schema.

    `without_others` leaves out what copq did not make, which is refused otherwise. Raises
    `BackupError`; the database is then as it was.
    """
    items = await archive.items()
    version = await _version(archive, items)
    try:
        async with conn.transaction():
            await migrate_to(conn, version)
            others = foreign_items(items, {tuple(row) for row in await conn.fetch(*_SQL.names())})
            if others and not without_others:
                raise BackupError(_refusal_text(others))
            await _fill(conn, archive, [item for item in items if item not in others])
            await migrate_to(conn)
    except SchemaMismatch as error:
        raise BackupError(str(error)) from error
    except asyncpg.PostgresError as error:
        raise BackupError(f"the rows of the file do not fit: {plainly(error)}") from error
    return version


def _refusal_text(others: Sequence[Item]) -> str:
    shown = "; ".join(map(str, others[:_SHOWN]))
    more = f"; and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    return (
        f"the file holds what copq does not make: {shown}{more}. If you added that yourself, "
        "restore with --without-others and add it again; else do not trust the file"
    )


async def _version(archive: Archive, items: Sequence[Item]) -> str:
    """The version of the archive's schema."""
    for item in items:
        if (item.kind, item.name) == _VERSION:
            data = await archive.data(item)
            rows = b"".join([piece async for piece in data.rows]).decode().split()
            if len(rows) == 1:
                return rows[0]
    raise BackupError("the file is not a backup of copq: it names no version of the schema")


async def _fill(conn: Connection, archive: Archive, items: Sequence[Item]) -> None:
    tables = [Table(*row) for row in await conn.fetch(*_SQL.columns())]
    data = [item for item in items if item.kind == "TABLE DATA"]
    await _make_partitions(conn, data)
    triggered = [f"{t.schema}.{t.name}" for t in tables if t.has_triggers]
    # What was decided and refused before is in the rows: nothing here is a new decision.
    await _switch(conn, "disable", triggered)
    for table in tables:
        for item in data:
            if (item.schema, parent_of(item.name)) == (table.schema, table.name):
                await _copy(conn, archive, item, table)
    await _switch(conn, "enable", triggered)
    await _set_sequences(conn, archive, items)


async def _make_partitions(conn: Connection, data: Sequence[Item]) -> None:
    months = sorted({date.fromisoformat(m) for item in data if (m := month_of(item.name))})
    for month in months:
        await conn.fetchval("select copq.make_partitions($1, $1)", month)


async def _switch(conn: Connection, how: str, tables: Sequence[str]) -> None:
    for table in tables:
        await conn.execute(f"alter table {table} {how} trigger user")


async def _copy(conn: Connection, archive: Archive, item: Item, table: Table) -> None:
    """Copy the rows by our own `COPY` of the columns that the table has."""
    if table.name == "alembic_version":
        return
    data = await archive.data(item)
    unknown = [name for name in data.columns if name not in table.columns]
    if (data.schema, parent_of(data.table)) != (table.schema, table.name) or unknown:
        raise BackupError(f"{item}: its rows are those of other columns or of another table")
    columns: Any = data.columns
    await conn.copy_to_table(
        table.name, schema_name=table.schema, columns=columns, source=data.rows, format="text"
    )


async def _set_sequences(conn: Connection, archive: Archive, items: Sequence[Item]) -> None:
    known = {row["name"] for row in await conn.fetch(*_SQL.sequences())}
    for item in items:
        if item.kind == "SEQUENCE SET":
            name, value, used = await archive.sequence(item)
            if name not in known or name != item.name:
                raise BackupError(f"{item}: it sets another sequence, {name}")
            await conn.execute("select setval($1::regclass, $2, $3)", f"copq.{name}", value, used)
