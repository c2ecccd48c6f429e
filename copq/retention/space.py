"""Returning disk space: a month without bytes is rewritten, others are vacuumed."""

from datetime import UTC, date, datetime, time

from asyncpg import Connection, LockNotAvailableError

from copq.periods.period import month_after

WAIT_S = 5
"""The wait for other users of the month. Later users wait behind us, so it is short."""


async def give_back(conn: Connection, month: date, whole: bool) -> int | None:
    """Sweep the partition of a month; a `whole` one, with nothing left to keep, is rewritten.

    The bytes by which the files shrank, 0 where they grew by the map of what is free in them; None
    where the month was in use. Outside a transaction.
    """
    name = f"copq.event_{month:%Y_%m}"
    if await conn.fetchval("select to_regclass($1)", name) is None:
        name, whole = "copq.event_other", False
    before = await _size(conn, name)
    try:
        await conn.execute(f"set lock_timeout = '{WAIT_S}s'")
        await conn.execute(f"vacuum ({'full, ' if whole else ''}analyze) {name}")
    except LockNotAvailableError:
        return None
    finally:
        await conn.execute("reset lock_timeout")
    return max(0, before - await _size(conn, name))


async def _size(conn: Connection, name: str) -> int:
    found: int = await conn.fetchval("select pg_total_relation_size($1::text::regclass)", name)
    return found


def end_of(month: date) -> datetime:
    """The end of a month's partition; partitions are by months in UTC."""
    following = month_after(month)
    return datetime.combine(following, time(), UTC)
