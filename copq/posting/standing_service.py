"""The service posts standing costs: it looks for begun days and changed costs. This runs next to
the stream."""

import asyncio
import logging
from datetime import UTC, datetime

import asyncpg
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.posting import metrics
from copq.posting.booking import StaleRates
from copq.posting.post import prepare
from copq.posting.standing_costs import post_standing_costs
from copq.process.retry import keep_trying
from copq.rates.watch import RateWatch

EVERY_S = 2.0
"""A new day or an imported cost is in the ledger after this time."""

AGAIN_S = 1.0

log = logging.getLogger(__name__)


async def keep_posting_standing_costs(dsn: str, rates: RateWatch) -> None:
    """Post for ever. While Postgres is away, it waits; missed days follow."""
    away = (*AWAY, asyncpg.PostgresError)
    await keep_trying(lambda: _connect_and_post(dsn, rates), away, wait_fixed(AGAIN_S), _warn)


def _warn(error: BaseException, _: float) -> None:
    log.warning("posting of standing costs is tried again: %r", error)


async def _connect_and_post(dsn: str, rates: RateWatch) -> None:
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        while True:
            try:
                await _post(conn, rates)
            except StaleRates as stale:
                await rates.at_least(stale.revision)
                continue
            await asyncio.sleep(EVERY_S)


async def _post(conn: asyncpg.Connection, rates: RateWatch) -> None:
    posted = await post_standing_costs(conn, rates.book, datetime.now(UTC))
    for plant in posted:
        if plant.rows:
            log.info("standing costs of %s: %d entries posted", plant.plant, plant.rows)
    if posted:
        metrics.STANDING.set(min(plant.begun_at for plant in posted).timestamp())
