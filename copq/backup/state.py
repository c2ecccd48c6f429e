"""The checks of a database before and after a restore."""

from asyncpg import Connection, Record

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


async def is_empty(conn: Connection) -> bool:
    """Whether a backup may go into this database."""
    return bool(await conn.fetchval(*_SQL.tables()) == 0)


async def fence(conn: Connection) -> list[Record]:
    """Topic, partition and next offset of each partition read; empty without Kafka."""
    rows: list[Record] = await conn.fetch(*_SQL.fence())
    return rows
