"""The checks of a database before and after a restore."""

from asyncpg import Connection, Record

from services.database.sql_files import statement

_FENCE = statement(__file__, "fence")
_TABLES = statement(__file__, "tables")


async def is_empty(conn: Connection) -> bool:
    """Whether a backup may go into this database."""
    return bool(await conn.fetchval(_TABLES) == 0)


async def fence(conn: Connection) -> list[Record]:
    """Topic, partition and next offset of each partition read; empty without Kafka."""
    rows: list[Record] = await conn.fetch(_FENCE)
    return rows
