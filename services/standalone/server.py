"""Everything in one process: HTTP, pricing, posting, late pricing."""

import asyncio

from services.access.door import OpenDoor
from services.aggregator.partitions import keep_making
from services.aggregator.settling import keep_settling
from services.beside import run_beside
from services.ingest.http import make_http
from services.ingest.serving import serve_http
from services.rates.watch import RateWatch
from services.reporting.api.app import add_api
from services.reporting.api.source import reading_pool
from services.reporting.board.app import add_board
from services.standalone.intake import LedgerIntake, pool_of


async def serve(dsn: str, host: str, port: int, stop: asyncio.Event) -> None:
    """Until `stop` is set; what was accepted by then is committed."""
    rates = RateWatch(dsn)
    await rates.first()
    pool, reading = await pool_of(dsn), await reading_pool(dsn)
    app = make_http(LedgerIntake(pool))
    add_board(app, add_api(app, reading, OpenDoor()))
    try:
        await run_beside(
            serve_http(app, host, port, stop),
            rates.run(),
            keep_making(dsn),
            keep_settling(dsn, rates),
            stop=stop,
        )
    finally:
        pool.terminate()
        reading.terminate()
