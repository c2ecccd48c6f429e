"""Changing the rules by which entries are booked: see `services.posting.booking`."""

from asyncpg import Connection

from services.database.sql_files import statement

_LOCK_BOOKING = statement(__file__, "lock_booking")


async def change_rules(conn: Connection) -> None:
    """Wait for the running batches, and block others until the caller's transaction ends.

    The transaction must read what others have committed meanwhile.
    """
    await conn.execute(_LOCK_BOOKING)
