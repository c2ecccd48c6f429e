"""Partitions for the months before and after now are made before an event needs them."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import asyncpg
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.process.retry import keep_trying

BEHIND = timedelta(days=3 * 366)
AHEAD = timedelta(days=62)
DAY_S = 86_400
HOUR_S = 3_600

log = logging.getLogger(__name__)


async def make_partitions(conn: asyncpg.Connection, now: datetime) -> int:
    """Make the missing partitions around now, and return their number."""
    made: int = await conn.fetchval(
        "select copq.make_partitions($1, $2)", (now - BEHIND).date(), (now + AHEAD).date()
    )
    return made


async def keep_making(dsn: str) -> None:
    """Make partitions once a day, for ever. After an error it tries again an hour later."""
    away = (*AWAY, asyncpg.PostgresError)
    while True:
        await keep_trying(lambda: _connect_and_make(dsn), away, wait_fixed(HOUR_S), _warn)
        await asyncio.sleep(DAY_S)


async def _connect_and_make(dsn: str) -> None:
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
        await make_partitions(conn, datetime.now(UTC))


def _warn(error: BaseException, _: float) -> None:
    log.warning("partitions are made later: %s", error)
