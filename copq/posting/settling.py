"""Unpriced events are tried again with each new revision of the rate book, and entries without an
exchange rate with each import of exchange rates. This runs next to the stream."""

import asyncio
import logging

import asyncpg
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.posting import metrics
from copq.posting.booking import StaleRates
from copq.posting.late_conversion import convert_late, exchange_state
from copq.posting.late_pricing import AT_ONCE, settle
from copq.posting.post import prepare
from copq.process.retry import keep_trying
from copq.rates.watch import EVERY_S, RateWatch

AGAIN_S = 1.0

log = logging.getLogger(__name__)


async def keep_settling(dsn: str, rates: RateWatch) -> None:
    """Settle for ever. While Postgres is away, it waits."""
    away = (*AWAY, asyncpg.PostgresError)
    await keep_trying(lambda: _connect_and_settle(dsn, rates), away, wait_fixed(AGAIN_S), _warn)


def _warn(error: BaseException, _: float) -> None:
    log.warning("pricing of unpriced events is tried again: %r", error)


async def _connect_and_settle(dsn: str, rates: RateWatch) -> None:
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        await _settle_all(conn, rates)


async def _settle_all(conn: asyncpg.Connection, rates: RateWatch) -> None:
    converted_at: tuple[object, ...] | None = None
    while True:
        converted_at = await _convert(conn, converted_at)
        try:
            tried = await settle(conn, rates.book)
        except StaleRates as stale:
            await rates.at_least(stale.revision)
            continue
        metrics.SETTLED.inc(tried)
        if tried:
            log.info("%d unpriced events tried with revision %d", tried, rates.book.revision)
        if tried < AT_ONCE:
            await asyncio.sleep(EVERY_S)


async def _convert(
    conn: asyncpg.Connection, before: tuple[object, ...] | None
) -> tuple[object, ...]:
    """Convert once for each state of the exchange rates. Return the state that was handled."""
    state = await exchange_state(conn)
    if state != before:
        converted = await convert_late(conn)
        metrics.CONVERTED.inc(converted)
        if converted:
            log.info("%d entries without an exchange rate booked again with one", converted)
    return state
