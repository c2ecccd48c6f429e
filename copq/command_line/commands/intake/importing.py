"""`copq import`: a plant's own file into the ledger, by a mapping."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from copq.command_line.commands.intake.import_report import progress, show_interrupted, show_report
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
from copq.command_line.exits import INTERRUPTED, Exit
from copq.command_line.kafka import optional_brokers
from copq.command_line.options import JsonOption
from copq.command_line.plaintext import PlaintextOption
from copq.command_line.terminal import cannot, fail
from copq.ingest.files.checkpoint import Checkpoint, import_key
from copq.ingest.files.faults import FileError, NotAnIntake
from copq.ingest.files.importing import ImportReport, Step, import_file
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.mapping_file import read_mapping
from copq.ingest.files.survey import Survey, survey
from copq.web.unavailable import Unavailable


def import_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, NDJSON or Parquet; also gzipped.")],
    mapping: Annotated[Path, typer.Option(help="Mapping file (YAML); see docs/import.md.")],
    to: ToOption = None,
    token: TokenOption = None,
    kafka: KafkaOption = None,
    plaintext: PlaintextOption = False,
    as_json: JsonOption = False,
    state: StateOption = None,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import a file of the plant's own system. After an interruption, the same command continues.

    Nothing counts twice: not a file imported again, nor one that overlaps with another.
    """
    place = one_place(context, Place(to, kafka, database_url))
    import_to(place, file, mapping, token, plaintext, as_json, state, data)


def import_to(
    place: Place,
    file: Path,
    mapping: Path,
    token: str | None = None,
    plaintext: bool = False,
    as_json: bool = False,
    state: Path | None = None,
    data: Path = DATA,
) -> None:
    """Run the import. Ends the command with 1 if events were refused."""
    with faults_of_mapping(mapping):
        declared = read_mapping(mapping)
    with _faults_of(file):
        found = survey(file, declared)
        brokers = optional_brokers(place.kafka, plaintext)
        with open_target(place.to, token, brokers, plaintext, place.database_url, data) as target:
            run = _Run(file, found, declared, state or data / "imports")
            report = run.to_its_end(target)
    show_report(report, as_json)
    if report.tally.refused:
        raise typer.Exit(Exit.NO)


@contextmanager
def _faults_of(file: Path) -> Iterator[None]:
    """End the command with a message about the file, or about a server that does not answer."""
    try:
        yield
    except FileError as error:
        fail(f"{file} {error}")
    except NotAnIntake as error:
        fail(str(error))
    except KafkaError as error:
        fail(f"Kafka does not answer: {error!r}", Exit.UNAVAILABLE)
    except Unavailable as error:
        fail(f"{error}. Run the same command again: it goes on where it was.", Exit.UNAVAILABLE)
    except OSError as error:
        cannot("use", file, error)
    except KeyboardInterrupt:
        # Before the first event was sent; later the run itself says how far it got.
        raise typer.Exit(INTERRUPTED) from None


class _Run:
    """One run of an import, from the beginning or from the point of an interruption."""

    def __init__(self, file: Path, found: Survey, mapping: Mapping, state: Path) -> None:
        self._file, self._survey, self._mapping, self._state = file, found, mapping, state
        self._last: Step | None = None

    def to_its_end(self, open_target: OpenTarget) -> ImportReport:
        try:
            return asyncio.run(self._run(open_target))
        except KeyboardInterrupt:
            show_interrupted(self._file, self._last)
            raise typer.Exit(INTERRUPTED) from None

    async def _run(self, open_target: OpenTarget) -> ImportReport:
        async with open_target() as target:
            key = import_key(self._survey.sha256, self._mapping, target.identity)
            with progress(self._file, self._survey.rows) as show:

                def on_progress(step: Step) -> None:
                    self._last = step
                    show(step)

                return await import_file(
                    self._file, self._survey, self._mapping, target.intake,
                    Checkpoint(self._state, key), on_progress,
                )  # fmt: skip
