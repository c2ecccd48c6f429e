"""Everything in one process: the ways in, pricing, posting, late pricing, and results."""

import asyncio
from collections.abc import Callable, Coroutine
from shlex import quote
from typing import Any

from copq.access.door import OpenDoor
from copq.access.token_door import TokenDoor
from copq.desk.app import desk_of
from copq.embedded_postgres.revival import keep_running
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.project_refresh import keep_measuring
from copq.ingest.http import make_http
from copq.ingest.intake import Intake
from copq.ingest.mqtt.service import MqttSource, beside_mqtt
from copq.ingest.names import Names
from copq.ingest.people import add_people, people_pool
from copq.pack.schedule import Schedule
from copq.pack.sending import keep_sending
from copq.posting.partitions import keep_making
from copq.posting.settling import keep_settling
from copq.posting.standing_service import keep_posting_standing_costs
from copq.process.background import run_beside
from copq.rates.watch import RateWatch
from copq.reporting.exporter.exporter import Exporter
from copq.reporting.exporter.http import add_metrics
from copq.reporting.results import add_results
from copq.reporting.source import reading_pool
from copq.sign_in.config import SignInConfig
from copq.sign_in.ways_in import door_of, open_sign_in
from copq.standalone.intake import LedgerIntake, pool_of
from copq.summary.keeping import keep_summing
from copq.web.serving import Tls, serve_http

Companion = Callable[[Intake], Coroutine[Any, Any, None]]
"""A task next to the HTTP service on the same intake; it runs until told to stop."""


async def serve(
    dsn: str,
    host: str,
    port: int,
    stop: asyncio.Event,
    companion: Companion,
    tokens: TokenDoor | None = None,
    tls: Tls | None = None,
    mqtt: MqttSource | None = None,
    embedded: EmbeddedPostgres | None = None,
    on_listening: Callable[[], None] = lambda: None,
    names: Names | None = None,
    signing_in: SignInConfig | None = None,
    packs: Schedule | None = None,
) -> None:
    """Serve until `stop` is set; accepted events are then committed. Without `tokens` it is open.
    People sign in at the provider of `signing_in`.

    An `embedded` server that dies is started again; raises `EmbeddedPostgresError` where it does
    not come up.
    """
    rates = RateWatch(dsn)
    if not await rates.first(stop):
        return
    pool, people, reading = await pool_of(dsn), await people_pool(dsn), await reading_pool(dsn)
    sign_in = await open_sign_in(signing_in, dsn)
    intake, door = LedgerIntake(pool, names=names), door_of(tokens or OpenDoor(), sign_in)
    replaying = LedgerIntake(pool, keeps=False)
    fixing = LedgerIntake(pool, keeps=False, names=names)
    exporter = Exporter(dsn)
    app = make_http(intake, door, checks={"postgres": intake.ready}, stop=stop)
    add_people(app, door, intake, people, lambda: rates.book, sign_in)
    add_metrics(app, exporter, door)
    source = add_results(app, reading, door, _options(embedded))
    serving = serve_http(app, host, port, stop, tls, on_listening)
    try:
        async with desk_of(dsn, app, source, intake, replaying, fixing) as long_work:
            await run_beside(
                beside_mqtt(serving, mqtt, intake, stop),
                rates.run(),
                exporter.run(),
                keep_making(dsn),
                keep_settling(dsn, rates),
                keep_posting_standing_costs(dsn, rates),
                keep_summing(dsn),
                keep_measuring(dsn),
                *long_work,
                *([keep_sending(dsn, packs)] if packs else []),
                companion(intake),
                *([tokens.run()] if tokens else []),
                *([keep_running(embedded)] if embedded else []),
                stop=stop,
            )
    finally:
        pool.terminate()
        people.terminate()
        reading.terminate()
        if sign_in:
            await sign_in.close()


def _options(embedded: EmbeddedPostgres | None) -> str:
    """The options for commands on the same database; addresses of servers are not shown."""
    return f"--data {quote(str(embedded.folder))}" if embedded else ""
