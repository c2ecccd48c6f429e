"""`copq up`, and one command for each service of the stream."""

import logging
from typing import Annotated

import asyncpg
import typer

from copq.database import DATA, DatabaseOption, DataOption, database
from copq.exits import Exit
from copq.kafka import BootstrapOption, PlaintextOption, brokers
from copq.running import run_service, show_health, start_logging
from copq.terminal import fail, out
from deploy.migrate import SchemaMismatch, check, migrate

RequiredDatabase = Annotated[
    str, typer.Option("--database", envvar="DATABASE_URL", help="Postgres of rates and ledger.")
]
HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(help="Port to listen on.")]
MetricsOption = Annotated[
    int, typer.Option(envvar="METRICS_PORT", help="Port for /metrics, /healthz, /readyz; 0: none.")
]
SessionOption = Annotated[
    float,
    typer.Option(
        "--session-timeout", min=1, envvar="KAFKA_SESSION_TIMEOUT",
        help="Seconds without a sign of life after which a worker's partitions go to the others.",
    ),
]  # fmt: skip


def up(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Run everything in one process: HTTP in, ledger and rollups in Postgres. No broker needed."""
    from services.standalone.server import serve

    start_logging()
    if database_url is not None:
        _migrated(database_url)
    with database(database_url, data) as dsn:
        where = "DATABASE_URL" if database_url else str(data.resolve())
        out.print(f"COPQ listens on http://{host}:{port}/v1/events (docs: /docs); data: {where}")
        run_service(lambda stop: serve(dsn, host, port, stop))


def ingest(
    kafka: BootstrapOption,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    partitions: Annotated[int, typer.Option(help="Of a topic that is missing.")] = 8,
    replication: Annotated[int, typer.Option(help="Of a topic that is missing.")] = 1,
    plaintext: PlaintextOption = False,
) -> None:
    """Take events by HTTP and put them on Kafka's quality.events."""
    from services.ingest.server import serve

    start_logging()
    reach = brokers(kafka, plaintext)
    run_service(lambda stop: serve(reach, host, port, partitions, replication, stop))


def costing(
    kafka: BootstrapOption,
    database_url: RequiredDatabase,
    group: Annotated[str, typer.Option(help="Consumer group.")] = "copq-costing",
    max_reject_share: Annotated[
        float, typer.Option(min=0, max=1, help="Stop when more of the events are refused.")
    ] = 0.5,
    session_timeout: SessionOption = 30,
    metrics_port: MetricsOption = 0,
    plaintext: PlaintextOption = False,
) -> None:
    """Price quality.events and publish copq.priced-events. Stops on a flood of refused events."""
    from services.costing.stream import CostingSettings, CostingStream, TooManyRejects

    start_logging()
    health = show_health(metrics_port)
    _refuse_other_schema(database_url)
    settings = CostingSettings(
        brokers(kafka, plaintext), database_url, group, max_reject_share, session_timeout
    )

    try:
        run_service(lambda stop: CostingStream(settings, stop, health).run(), health)
    except TooManyRejects as error:
        fail(str(error), Exit.STOPPED)


def aggregator(
    kafka: BootstrapOption,
    database_url: RequiredDatabase,
    group: Annotated[str, typer.Option(help="Consumer group.")] = "copq-aggregator",
    session_timeout: SessionOption = 10,
    metrics_port: MetricsOption = 0,
    plaintext: PlaintextOption = False,
) -> None:
    """Post copq.priced-events to the ledger and the rollups, each batch in one transaction."""
    from services.aggregator.service import run_aggregator
    from services.aggregator.stream import AggregatorSettings

    start_logging()
    health = show_health(metrics_port)
    _refuse_other_schema(database_url)
    settings = AggregatorSettings(
        brokers(kafka, plaintext), database_url, group, session_timeout_s=session_timeout
    )
    run_service(lambda stop: run_aggregator(settings, stop, health), health)


def _migrated(url: str) -> None:
    try:
        migrate(url)
    except (OSError, asyncpg.PostgresError) as error:
        fail(f"Postgres: {error}", Exit.UNAVAILABLE)


def _refuse_other_schema(url: str) -> None:
    """A service does not touch a schema that it was not made for; it does wait for Postgres."""
    try:
        check(url)
    except SchemaMismatch as error:
        fail(str(error), Exit.UNAVAILABLE)
    except (OSError, asyncpg.PostgresError) as error:
        logging.getLogger("services").warning("Postgres does not answer yet: %s", error)
