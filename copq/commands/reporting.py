"""`copq reporting`: what Postgres holds, for Prometheus."""

from typing import Annotated

import typer

from copq.commands.services import (
    HostOption,
    PortOption,
    RequiredDatabase,
    refuse_other_schema,
)
from copq.running import run_service, start_logging

EveryOption = Annotated[
    float, typer.Option(min=0.1, help="Seconds between two computations of the figures.")
]
SeriesOption = Annotated[
    int,
    typer.Option(
        "--max-series", min=100, envvar="COPQ_MAX_SERIES",
        help="Series of figures on /metrics at most; the finest detail is left out first.",
    ),
]  # fmt: skip


def reporting(
    database_url: RequiredDatabase,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8081,
    every: EveryOption = 2.0,
    max_series: SeriesOption = 50_000,
) -> None:
    """Serve COPQ from Postgres: /metrics for Prometheus, /healthz, /readyz."""
    from services.reporting.server import serve

    start_logging()
    refuse_other_schema(database_url)
    run_service(lambda stop: serve(database_url, host, port, stop, every, max_series))
