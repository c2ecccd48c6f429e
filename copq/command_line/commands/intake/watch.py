"""`copq watch`: a folder whose files are imported on arrival."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from copq.command_line.commands.intake.import_target import (
    KafkaOption,
    OpenTarget,
    Place,
    StateOption,
    TokenOption,
    ToOption,
    faults_of_mapping,
    one_place,
    open_target,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.kafka import optional_brokers
from copq.command_line.listening import LOOPBACK, MetricsHostOption, MetricsOption
from copq.command_line.logs import start_logging
from copq.command_line.plaintext import PlaintextOption
from copq.command_line.running import run_service, show_health
from copq.command_line.terminal import fail, out
from copq.ingest.files.mapping_choice import Choice, read_choice
from copq.ingest.files.shelves import InUse
from copq.ingest.files.watch import Watch, WatchSettings
from copq.ingest.intake import Intake
from copq.process.system_errors import plainly

MAPPING_HELP = (
    "Mapping file, or PATTERN=FILE for the files of a name, such as 'mes-*.csv=mes.yaml'; may "
    "come several times, and the first pattern that fits is taken. See docs/ingest/files.md."
)
SettleOption = Annotated[
    float, typer.Option(min=0, help="Seconds a file must stay unchanged before it is imported.")
]


def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Files in this folder are imported.")],
    mapping: Annotated[list[str], typer.Option(help=MAPPING_HELP)],
    to: ToOption = None,
    token: TokenOption = None,
    kafka: KafkaOption = None,
    plaintext: PlaintextOption = False,
    settle: SettleOption = 5.0,
    state: StateOption = None,
    metrics_port: MetricsOption = 0,
    metrics_host: MetricsHostOption = LOOPBACK,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import every file that is put into a folder, and move it to done/ or rejected/ there.

    A report is written next to each file. It continues after an interruption; nothing counts twice.
    """
    start_logging()
    health = show_health(metrics_host, metrics_port)
    health.missing = None
    settings = watch_settings(folder, mapping, state or data / "imports", settle)
    place = one_place(context, Place(to, kafka, database_url))
    brokers = optional_brokers(place.kafka, plaintext)
    with open_target(place.to, token, brokers, plaintext, place.database_url, data) as target:
        out.print(f"Watching {folder}; files end in {folder}/done or {folder}/rejected.")
        run_service(lambda stop: _watch(settings, target, stop), health)


async def _watch(settings: WatchSettings, open_target: OpenTarget, stop: asyncio.Event) -> None:
    async with open_target() as target:
        await make_watch(settings, target.intake, target.identity).run(stop)


def watch_settings(
    folder: Path, mapping: list[str], state: Path, settle_s: float = 5.0
) -> WatchSettings:
    """The settings of the options. Ends the command if the folder or a mapping has a fault."""
    if not folder.is_dir():
        fail(f"{folder} is not a folder: make it first, then watch it")
    if not mapping:
        fail(
            "--watch needs a --mapping FILE that says what the files mean; see docs/ingest/files.md"
        )
    return WatchSettings(folder, tuple(map(_choice, mapping)), state, settle_s)


def _choice(text: str) -> Choice:
    with faults_of_mapping(text):
        return read_choice(text)


def make_watch(settings: WatchSettings, intake: Intake, identity: str) -> Watch:
    """The watch of a folder. Ends the command if another process uses the folder."""
    try:
        return Watch(settings, intake, identity)
    except InUse as error:
        fail(str(error))
    except OSError as error:
        fail(
            f"cannot work in {settings.folder}: {plainly(error)}. copq must be allowed to read, "
            "write and rename there"
        )
