"""What a restore asks of a database, and does to it, before and after."""

from asyncpg import Connection, Record

from services.sql_files import statement

_FENCE = statement(__file__, "fence")
_ROLES = "select rolname from pg_roles"
_TABLES = statement(__file__, "tables")


async def is_empty(conn: Connection) -> bool:
    """Whether a backup may go into this database."""
    return bool(await conn.fetchval(_TABLES) == 0)


async def make_roles(conn: Connection, names: set[str]) -> list[str]:
    """Make those that the server lacks, without the right to log in; answer their names."""
    there = {row["rolname"] for row in await conn.fetch(_ROLES)}
    missing = sorted(names - there)
    for name in missing:
        quoted = await conn.fetchval("select quote_ident($1)", name)
        await conn.execute(f"create role {quoted} nologin")
    return missing


async def fence(conn: Connection) -> list[Record]:
    """Topic, partition and next offset of all that was read; none without Kafka."""
    rows: list[Record] = await conn.fetch(_FENCE)
    return rows
