"""`copq up`, and one command for each service of the stream."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import asyncpg
import typer

from copq.command_line.commands.intake.import_target import identity_of
from copq.command_line.commands.intake.mqtt import mqtt_source
from copq.command_line.commands.intake.watch import MAPPING_HELP, make_watch, watch_settings
from copq.command_line.database import (
    DATA,
    DatabaseOption,
    DataOption,
    RequiredDatabase,
    checked_address,
    opened_database,
    or_unavailable,
)
from copq.command_line.exits import Exit
from copq.command_line.kafka import BootstrapOption, brokers
from copq.command_line.listening import (
    LOOPBACK,
    CertOption,
    HostOption,
    KeyOption,
    MetricsHostOption,
    MetricsOption,
    NoAuthOption,
    PortOption,
    tls_of,
)
from copq.command_line.logs import start_logging
from copq.command_line.pack_schedule import PackScheduleOption, pack_schedule
from copq.command_line.plaintext import PlaintextOption
from copq.command_line.running import run_service, show_health
from copq.command_line.signing_in import SignInOption, sign_in_config
from copq.command_line.terminal import fail, out
from copq.database.connections import AWAY, DatabaseRole, RoleRefused, connected
from copq.database.migrate import SchemaMismatch, check, migrate
from copq.ingest.files.watch import WatchSettings
from copq.ingest.intake import Intake
from copq.process.loopback import is_loopback
from copq.process.system_errors import plainly
from copq.telemetry.health import Health

if TYPE_CHECKING:
    from copq.standalone.server import Companion

MqttOption = Annotated[
    Path | None,
    typer.Option(
        "--mqtt", envvar="COPQ_MQTT", show_default=False,
        help="Also read an MQTT broker, as this file says (docs/ingest/mqtt.md).",
    ),
]  # fmt: skip
SessionOption = Annotated[
    float,
    typer.Option(
        "--session-timeout", min=1, envvar="KAFKA_SESSION_TIMEOUT",
        help="Seconds without a sign of life after which a worker's partitions go to the others.",
    ),
]  # fmt: skip
RejectShareOption = Annotated[
    float, typer.Option(min=0, max=1, help="Stop when more of the events to price are refused.")
]
NamesOption = Annotated[
    int,
    typer.Option(
        "--names-per-sender", min=1, envvar="COPQ_NAMES_PER_SENDER",
        help="Lines, products and so on that a sender may bring and the rate book does not know.",
    ),
]  # fmt: skip


def up(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    watch: Annotated[
        Path | None, typer.Option(help="Folder whose files are imported, as by copq watch.")
    ] = None,
    mapping: Annotated[list[str] | None, typer.Option(help=MAPPING_HELP)] = None,
    mqtt: MqttOption = None,
    no_auth: NoAuthOption = False,
    sign_in: SignInOption = None,
    names_per_sender: NamesOption = 1_000,
    tls_cert: CertOption = None,
    tls_key: KeyOption = None,
    plaintext: PlaintextOption = False,
    packs: PackScheduleOption = None,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Run everything in one process, from HTTP and MQTT to the ledger. No broker needed.

    On this machine it needs no token until the first one is made (copq tokens create). On any
    other address it always needs one.
    """
    from copq.access.token_door import TokenDoor
    from copq.ingest.names import Names
    from copq.standalone.server import serve

    start_logging()
    tls = tls_of(host, tls_cert, tls_key, plaintext)
    if mapping and watch is None:
        fail("--mapping is for the files of a folder: say which, by --watch FOLDER")
    folder = watch_settings(watch, mapping or [], data / "imports") if watch else None
    source = mqtt_source(mqtt, data / "mqtt")
    people = sign_in_config(sign_in, no_auth)
    schedule = pack_schedule(packs)
    if database_url is not None:
        or_unavailable(lambda: migrate(database_url))
    with opened_database(database_url, data) as (dsn, embedded):
        name = database_url or str(data.resolve())
        needs_token = people is not None or not is_loopback(host)
        door = None if no_auth else TokenDoor(dsn, needs_token)
        shown = "DATABASE_URL" if database_url else name
        run_service(
            lambda stop: serve(
                dsn, host, port, stop, _folder_watch(folder, dsn, name, stop), door, tls, source,
                embedded, lambda: _say_where(host, port, tls is not None, shown),
                Names(names_per_sender), people, schedule,
            ),
            name="copq-up",
        )  # fmt: skip


def _say_where(host: str, port: int, secure: bool, data: str) -> None:
    here = f"{'https' if secure else 'http'}://{host}:{port}"
    out.print(
        f"COPQ is at {here}: the board at {here}/, events to /v1/events, the form at /form, "
        f"documentation at /docs. Set up a plant at {here}/setup. Data: {data}",
        soft_wrap=True,
    )


def ingest(
    kafka: BootstrapOption,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    partitions: Annotated[
        int, typer.Option(min=1, max=10_000, help="For topics that are created.")
    ] = 8,
    replication: Annotated[
        int, typer.Option(min=1, max=100, help="For topics that are created.")
    ] = 1,
    mqtt: MqttOption = None,
    mqtt_state: Annotated[
        Path,
        typer.Option(envvar="COPQ_MQTT_STATE", help="Folder of the MQTT reader's state."),
    ] = Path("copq-mqtt"),
    database_url: Annotated[
        str | None,
        typer.Option(
            "--database", envvar="DATABASE_URL", show_default=False, callback=checked_address,
            help="Postgres with tokens and rates.",
        ),
    ] = None,
    no_auth: NoAuthOption = False,
    sign_in: SignInOption = None,
    names_per_sender: NamesOption = 1_000,
    tls_cert: CertOption = None,
    tls_key: KeyOption = None,
    metrics_port: MetricsOption = 0,
    metrics_host: MetricsHostOption = LOOPBACK,
    plaintext: PlaintextOption = False,
) -> None:  # fmt: skip
    """Take events by HTTP, the form and MQTT, and put them on Kafka's quality.events."""
    from copq.access.token_door import TokenDoor
    from copq.ingest.names import Names
    from copq.ingest.server import serve

    start_logging()
    reach = brokers(kafka, plaintext)
    tls = tls_of(host, tls_cert, tls_key, plaintext)
    source = mqtt_source(mqtt, mqtt_state)
    people = sign_in_config(sign_in, no_auth)
    if database_url is not None:
        refuse_other_schema(database_url, DatabaseRole.INGEST)
    elif not no_auth:
        fail(
            "who may send is known by tokens, which are in Postgres: give --database (or "
            "DATABASE_URL) and make one with copq tokens create; or --no-auth, to take events "
            "from anybody"
        )
    door = None if no_auth or database_url is None else TokenDoor(database_url)
    health = show_health(metrics_host, metrics_port)
    health.missing = None  # the port of events answers /readyz for what it needs
    run_service(
        lambda stop: serve(
            reach,
            host,
            port,
            partitions,
            replication,
            stop,
            database_url,
            door,
            tls,
            source,
            Names(names_per_sender),
            people,
        ),
        health,
        "copq-ingest",
    )


def costing(
    kafka: BootstrapOption,
    database_url: RequiredDatabase,
    group: Annotated[str, typer.Option(help="Consumer group.")] = "copq-costing",
    max_reject_share: RejectShareOption = 0.5,
    session_timeout: SessionOption = 30,
    metrics_port: MetricsOption = 0,
    metrics_host: MetricsHostOption = LOOPBACK,
    plaintext: PlaintextOption = False,
) -> None:
    """Price quality.events and publish copq.priced-events. Stops if too many events are refused."""
    from copq.costing.settings import CostingSettings
    from copq.costing.stream import CostingStream

    start_logging()
    health = show_health(metrics_host, metrics_port)
    refuse_other_schema(database_url, DatabaseRole.COSTING)
    settings = CostingSettings(
        brokers(kafka, plaintext), database_url, group, max_reject_share, session_timeout
    )
    _run_stream(lambda stop: CostingStream(settings, stop, health).run(), health, "copq-costing")


def aggregator(
    kafka: BootstrapOption,
    database_url: RequiredDatabase,
    group: Annotated[str, typer.Option(help="Consumer group.")] = "copq-aggregator",
    from_events: Annotated[
        bool,
        typer.Option(
            "--from-events",
            envvar="COPQ_FROM_EVENTS",
            help="Read quality.events and price them here: no costing, no copq.priced-events.",
        ),
    ] = False,
    max_reject_share: RejectShareOption = 0.5,
    session_timeout: SessionOption = 10,
    metrics_port: MetricsOption = 0,
    metrics_host: MetricsHostOption = LOOPBACK,
    plaintext: PlaintextOption = False,
) -> None:
    """Post copq.priced-events to the ledger and the rollups, each batch in one transaction.

    With --from-events it also prices, and costing is not needed.
    """
    from copq.aggregator.service import run_aggregator
    from copq.aggregator.stream import AggregatorSettings

    start_logging()
    health = show_health(metrics_host, metrics_port)
    refuse_other_schema(database_url, DatabaseRole.AGGREGATOR)
    settings = AggregatorSettings(
        brokers(kafka, plaintext), database_url, group, session_timeout_s=session_timeout,
        from_events=from_events, max_reject_share=max_reject_share,
    )  # fmt: skip
    _run_stream(lambda stop: run_aggregator(settings, stop, health), health, "copq-aggregator")


def _run_stream(
    stream: Callable[[asyncio.Event], Coroutine[Any, Any, None]], health: Health, name: str
) -> None:
    from copq.kafka.reject_guard import TooManyRejects

    try:
        run_service(stream, health, name)
    except TooManyRejects as error:
        fail(str(error), Exit.STOPPED)


def _folder_watch(
    settings: WatchSettings | None, dsn: str, name: str, stop: asyncio.Event
) -> "Companion":
    """The task next to the HTTP service, on its intake: the watch of a folder, if there is one."""

    async def watch_folder(intake: Intake) -> None:
        if settings is not None:
            identity = await identity_of(dsn, name)
            await make_watch(settings, intake, identity).run(stop)
        await stop.wait()

    return watch_folder


def refuse_other_schema(url: str, role: DatabaseRole) -> None:
    """End the command if the schema is of another version or the user may not act as `role`.

    If Postgres does not answer yet, the service starts and waits for it.
    """
    try:
        check(url)
        asyncio.run(_try_role(url, role))
    except (SchemaMismatch, RoleRefused) as error:
        fail(str(error), Exit.UNAVAILABLE)
    except AWAY as error:
        logging.getLogger("copq").warning("Postgres does not answer yet: %s", plainly(error))
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"Postgres: {plainly(error)}", Exit.UNAVAILABLE)


async def _try_role(url: str, role: DatabaseRole) -> None:
    async with connected(url, role):
        pass
