"""Everything in one process: HTTP, pricing, posting, late pricing."""

import asyncio

from services.access.door import OpenDoor
from services.aggregator.partitions import keep_making
from services.aggregator.settling import keep_settling
from services.beside import run_beside
from services.ingest.http import make_http
from services.ingest.serving import serve_http
from services.rates.watch import RateWatch
from services.reporting.exporter.exporter import Exporter
from services.reporting.exporter.http import add_metrics
from services.standalone.intake import LedgerIntake, pool_of


async def serve(dsn: str, host: str, port: int, stop: asyncio.Event) -> None:
    """Until `stop` is set; what was accepted by then is committed."""
    rates = RateWatch(dsn)
    await rates.first()
    pool = await pool_of(dsn)
    exporter = Exporter(dsn)
    app = make_http(LedgerIntake(pool))
    add_metrics(app, exporter, OpenDoor())
    try:
        await run_beside(
            serve_http(app, host, port, stop),
            rates.run(),
            exporter.run(),
            keep_making(dsn),
            keep_settling(dsn, rates),
            stop=stop,
        )
    finally:
        pool.terminate()
