"""The summary is brought up to date next to the service, never by what books."""

import asyncio
import logging
from datetime import datetime

import asyncpg
from asyncpg import Connection, Record
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.database.queries import Queries
from copq.process.retry import keep_trying
from copq.schemas.priced import FAILURES
from copq.summary import metrics
from copq.summary.position import BEGINNING, NOTHING_DECLARED

EVERY_S = 15.0
AGAIN_S = 15.0
LONGEST_S = 6 * 3_600.0
"""The first time takes all entries that there are."""

_SQL = Queries.of(__file__)
log = logging.getLogger(__name__)


async def keep_summing(dsn: str) -> None:
    """Bring the summary up to date again and again, for ever."""
    away = (*AWAY, asyncpg.PostgresError)
    await keep_trying(lambda: _connect_and_sum(dsn), away, wait_fixed(AGAIN_S), _warn)


def _warn(error: BaseException, _: float) -> None:
    log.warning("the summary is brought up to date later: %r", error)


async def _connect_and_sum(dsn: str) -> None:
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
        while True:
            await bring_up_to_date(conn)
            await asyncio.sleep(EVERY_S)


async def bring_up_to_date(conn: Connection) -> bool:
    """Add the entries that the summary lacks; false where another process is doing so.

    One transaction: it may be interrupted at any time. Entries of transactions that are still
    running stay for the next time.
    """
    if not await conn.fetchval(*_SQL.lock_summary()):
        return False
    try:
        while not await _step(conn):
            pass
    finally:
        await conn.execute(*_SQL.unlock_summary())
    metrics.HELD.set_to_current_time()
    return True


async def _step(conn: Connection) -> bool:
    """Begin where there is no summary of this ledger, and return false; else add what it lacks.

    Where plants declare other attributes, all is added again, and questions see the earlier summary
    until then.
    """
    async with conn.transaction(isolation="repeatable_read"):
        before = await conn.fetchrow(*_SQL.position())
        now = await conn.fetchrow(*_SQL.snapshot())
        declared = now["declared"]
        if before is None:
            await _clear(conn)
            await _hold(conn, 0, BEGINNING, now["next_horizon"], now["since"], declared)
            return False
        start = before["horizon"], before["booked_since"]
        if before["declared"] != declared:
            await _clear(conn)
            start = 0, BEGINNING
        await _add(conn, *start, now)
        await _hold(conn, now["horizon"], *_booked_since(before, now), declared)
        return True


async def _clear(conn: Connection) -> None:
    await conn.execute(*_SQL.clear_rows())
    await conn.execute(*_SQL.clear_leaves())
    await conn.execute(*_SQL.clear_days())
    await conn.execute(*_SQL.clear_values())


async def _add(conn: Connection, horizon: int, booked_since: datetime, now: Record) -> None:
    # Millions of entries, the first time: to put them in groups is quicker than to sort them.
    await conn.execute("set local work_mem = '64MB'; set local enable_sort = off")
    which = {
        "horizon": horizon, "booked_since": booked_since, "until": now["horizon"],
        "newest": now["newest"], "declared": now["declared"], "failures": list(map(str, FAILURES)),
    }  # fmt: skip
    if horizon < now["horizon"]:
        if now["declared"] != NOTHING_DECLARED:
            await conn.execute(*_SQL.add_values(**which), timeout=LONGEST_S)
        await conn.execute(*_SQL.add_leaves(**which), timeout=LONGEST_S)
        await conn.execute(*_SQL.add_sums(**which), timeout=LONGEST_S)
        await conn.execute(*_SQL.add_days(**which), timeout=LONGEST_S)


def _booked_since(before: Record, now: Record) -> tuple[datetime, int, datetime]:
    """Since when the entries that are still missing are booked, and the next such point.

    Once all transactions before `next_horizon` have ended, the others are younger than it.
    """
    if before["next_horizon"] <= now["horizon"]:
        since = min(before["next_since"], now["since"])
        return since, now["next_horizon"], now["since"]
    return (
        min(before["own_since"], now["since"]), before["next_horizon"],
        min(before["next_since"], now["since"]),
    )  # fmt: skip


async def _hold(
    conn: Connection, horizon: int, since: datetime, next_horizon: int, next_since: datetime,
    declared: str,
) -> None:  # fmt: skip
    query = _SQL.hold(
        horizon=horizon, booked_since=since, next_horizon=next_horizon, next_since=next_since,
        declared=declared,
    )  # fmt: skip
    await conn.execute(*query)
