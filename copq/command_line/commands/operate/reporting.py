"""`copq reporting`: what Postgres holds, for people, for programs and for Prometheus."""

from functools import partial
from typing import Annotated

import typer

from copq.command_line.commands.operate.services import refuse_other_schema
from copq.command_line.database import RequiredDatabase
from copq.command_line.listening import (
    LAST_PORT,
    LOOPBACK,
    CertOption,
    HostOption,
    KeyOption,
    MetricsHostOption,
    NoAuthOption,
    PortOption,
    tls_of,
)
from copq.command_line.logs import start_logging
from copq.command_line.pack_schedule import PackScheduleOption, pack_schedule
from copq.command_line.plaintext import PlaintextOption
from copq.command_line.running import run_service
from copq.command_line.signing_in import SignInOption, sign_in_config
from copq.database.connections import DatabaseRole
from copq.process.loopback import is_loopback

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
    max_series: SeriesOption = 500_000,
    grouping: Annotated[
        str | None,
        typer.Option(
            envvar="COPQ_GROUPING",
            help="What products are grouped by on /metrics; needed if there are several groupings.",
        ),
    ] = None,
    desk: Annotated[
        bool,
        typer.Option(
            "--desk",
            envvar="COPQ_DESK",
            help="Let people decide here too: rates, months and so on, each by its role. The "
            "database user then needs more roles: see docs/security.md.",
        ),
    ] = False,
    no_auth: NoAuthOption = False,
    sign_in: SignInOption = None,
    tls_cert: CertOption = None,
    tls_key: KeyOption = None,
    plaintext: PlaintextOption = False,
    metrics_port: Annotated[
        int,
        typer.Option(
            envvar="METRICS_PORT",
            min=0,
            max=LAST_PORT,
            help="Port for /metrics without a token, for Prometheus alone; 0: none.",
        ),
    ] = 0,
    metrics_host: MetricsHostOption = LOOPBACK,
    packs: PackScheduleOption = None,
) -> None:
    """Serve COPQ from Postgres: the board at /, the query API (docs: /docs), /metrics.

    Results are for the roles manager and finance: on this machine it needs no token until the
    first one is made (copq tokens create), elsewhere it always needs one.
    """
    from copq.access.token_door import TokenDoor
    from copq.desk.app import DESK_ROLES, desk_of
    from copq.reporting.exporter.exporter import Exporter
    from copq.reporting.server import nothing_more, serve

    start_logging()
    tls = tls_of(host, tls_cert, tls_key, plaintext)
    refuse_other_schema(database_url, DatabaseRole.REPORTING)
    if desk:
        for role in DESK_ROLES:
            refuse_other_schema(database_url, role)
    people = sign_in_config(sign_in, no_auth)
    needs_token = people is not None or not is_loopback(host)
    schedule = pack_schedule(packs)
    if schedule is not None:
        refuse_other_schema(database_url, DatabaseRole.PACK)
    door = None if no_auth else TokenDoor(database_url, needs_token)
    exporter = Exporter(database_url, every, max_series, grouping=grouping)
    run_service(
        lambda stop: serve(
            database_url,
            host,
            port,
            stop,
            exporter,
            door,
            tls,
            (metrics_host, metrics_port),
            partial(desk_of, database_url) if desk else nothing_more,
            people,
            schedule,
        )
    )
