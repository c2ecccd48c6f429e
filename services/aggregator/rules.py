"""Changing the rules that entries are booked by: see `booking`."""

from asyncpg import Connection

from services.aggregator import queries


async def change_rules(conn: Connection) -> None:
    """Wait for the batches under way, and keep others from being booked.

    Until the caller's transaction ends, which must read what others have committed meanwhile.
    """
    await conn.execute(queries.LOCK_BOOKING)
