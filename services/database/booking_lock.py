"""Changing the rules that entries are booked by: see `services.posting.booking`."""

from asyncpg import Connection

from services.database.sql_files import statement

_LOCK_BOOKING = statement(__file__, "lock_booking")


async def change_rules(conn: Connection) -> None:
    """Wait for the batches under way, and keep others from being booked.

    Until the caller's transaction ends, which must read what others have committed meanwhile.
    """
    await conn.execute(_LOCK_BOOKING)
