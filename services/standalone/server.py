"""Everything in one process: HTTP, pricing, posting, late pricing."""

import asyncio

from services.access.door import OpenDoor
from services.access.tokens import TokenDoor
from services.aggregator.partitions import keep_making
from services.aggregator.settling import keep_settling
from services.beside import run_beside
from services.ingest.http import make_http
from services.ingest.people import add_people
from services.ingest.serving import Tls, serve_http
from services.rates.watch import RateWatch
from services.standalone.intake import LedgerIntake, pool_of


async def serve(
    dsn: str,
    host: str,
    port: int,
    stop: asyncio.Event,
    tokens: TokenDoor | None = None,
    tls: Tls | None = None,
) -> None:
    """Until `stop` is set; what was accepted by then is committed. Without `tokens` it is open."""
    rates = RateWatch(dsn)
    await rates.first()
    pool = await pool_of(dsn)
    intake, door = LedgerIntake(pool), tokens or OpenDoor()
    app = make_http(intake)
    add_people(app, door, intake, pool, lambda: rates.book)
    try:
        await run_beside(
            serve_http(app, host, port, stop, tls),
            rates.run(),
            keep_making(dsn),
            keep_settling(dsn, rates),
            *([tokens.run()] if tokens else []),
            stop=stop,
        )
    finally:
        pool.terminate()
