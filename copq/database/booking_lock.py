"""Changing the rules by which entries are booked: see `copq.posting.booking`."""

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


async def change_rules(conn: Connection) -> None:
    """Wait for the running batches, and block others until the caller's transaction ends.

    The transaction must read what others have committed meanwhile.
    """
    await conn.execute(*_SQL.lock_booking())
