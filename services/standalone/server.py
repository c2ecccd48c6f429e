"""Everything in one process: HTTP and MQTT, pricing, posting, late pricing."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from services.aggregator.partitions import keep_making
from services.aggregator.settling import keep_settling
from services.beside import run_beside
from services.ingest.http import make_http
from services.ingest.intake import Intake
from services.ingest.mqtt.service import MqttSource, beside_mqtt
from services.ingest.serving import serve_http
from services.rates.watch import RateWatch
from services.standalone.intake import LedgerIntake, pool_of

Beside = Callable[[Intake], Coroutine[Any, Any, None]]
"""What runs beside the HTTP service, on the same intake, until it is told to stop."""


async def serve(
    dsn: str,
    host: str,
    port: int,
    stop: asyncio.Event,
    beside: Beside,
    mqtt: MqttSource | None = None,
) -> None:
    """Until `stop` is set; what was accepted by then is committed."""
    rates = RateWatch(dsn)
    await rates.first()
    pool = await pool_of(dsn)
    intake = LedgerIntake(pool)
    app = make_http(intake, checks={"postgres": intake.ready}, stop=stop)
    try:
        await run_beside(
            beside_mqtt(serve_http(app, host, port, stop), mqtt, intake, stop),
            rates.run(),
            keep_making(dsn),
            keep_settling(dsn, rates),
            beside(intake),
            stop=stop,
        )
    finally:
        pool.terminate()
