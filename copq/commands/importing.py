"""`copq import`: a plant's own file into the ledger, by a mapping."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from copq.commands.import_report import progress, show_interrupted, show_report
from copq.database import DATA, DatabaseOption, DataOption, connected, database
from copq.exits import Exit
from copq.listening import PlaintextOption, is_loopback
from copq.terminal import fail
from services.ingest.files.checkpoint import Checkpoint, import_key
from services.ingest.files.faults import FileError, MappingError, NotAnIntake
from services.ingest.files.importing import ImportReport, Step, import_file
from services.ingest.files.ledger_identity import ledger_identity
from services.ingest.files.mapping import Mapping
from services.ingest.files.mapping_file import read_mapping
from services.ingest.files.survey import Survey, survey
from services.ingest.intake import Intake, Unavailable
from services.standalone.intake import LedgerIntake, pool_of

REQUEST_WITHIN_S = 120.0
INTERRUPTED = 130
"""As a shell says it: ended by Ctrl-C."""


class Target(NamedTuple):
    """Where the events go, and a text that tells it from every other place."""

    intake: Intake
    identity: str


OpenTarget = Callable[[], AbstractAsyncContextManager[Target]]


def import_command(
    file: Annotated[Path, typer.Argument(help="CSV, NDJSON or Parquet; also gzipped.")],
    mapping: Annotated[Path, typer.Option(help="Mapping file (YAML); see docs/import.md.")],
    to: Annotated[
        str | None, typer.Option(help="A running service, such as http://localhost:8080.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="COPQ_TOKEN", show_default=False,
            help="For --to. Others see options in the process list: better COPQ_TOKEN.",
        ),
    ] = None,
    plaintext: PlaintextOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    state: Annotated[
        Path | None,
        typer.Option(help="Folder that remembers how far an import got. [DATA/imports]"),
    ] = None,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:  # fmt: skip
    """Import a file of the plant's own system. Interrupted, the same command goes on.

    Nothing counts twice: not a file imported again, nor one that overlaps with another.
    """
    declared = _mapping(mapping)
    with _faults_of(file):
        found = survey(file, declared.file)
        with _opened(to, token, plaintext, database_url, data) as target:
            run = _Run(file, found, declared, state or data / "imports")
            report = run.to_its_end(target)
    show_report(report, as_json)
    if report.tally.refused:
        raise typer.Exit(Exit.NO)


def _mapping(path: Path) -> Mapping:
    try:
        return read_mapping(path)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"cannot read {path}: {error}")
    except MappingError as error:
        faults = "\n".join(f"  - {fault}" for fault in error.faults)
        fail(f"{path} is refused; nothing was imported:\n{faults}")


@contextmanager
def _faults_of(file: Path) -> Iterator[None]:
    """Ends the command with a sentence about the file, or about what does not answer."""
    try:
        yield
    except FileError as error:
        fail(f"{file} {error}")
    except NotAnIntake as error:
        fail(str(error))
    except Unavailable as error:
        fail(f"{error}. Run the same command again: it goes on where it was.", Exit.UNAVAILABLE)
    except OSError as error:
        fail(str(error))
    except KeyboardInterrupt:
        # Before the first event was sent; later the run itself says how far it got.
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _opened(
    to: str | None, token: str | None, plaintext: bool, database_url: str | None, data: Path
) -> Iterator[OpenTarget]:
    if to is not None:
        if not to.startswith(("http://", "https://")):
            fail(f'--to is the address of a service, such as http://localhost:8080, not "{to}"')
        if token and not plaintext:
            _refuse_to_tell_all(to)
        yield lambda: _service(to, token)
        return
    with database(database_url, data) as dsn:
        yield lambda: _ledger(dsn, database_url or str(data.resolve()))


def _refuse_to_tell_all(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        fail(
            f"{url} is not encrypted: anybody on the way would read the token. Use https://, or "
            "--plaintext where the network is yours alone"
        )


@asynccontextmanager
async def _service(url: str, token: str | None) -> AsyncIterator[Target]:
    import httpx  # slow to load, and of use here alone

    from services.ingest.files.http_intake import HttpIntake

    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(timeout=REQUEST_WITHIN_S, headers=headers) as client:
        yield Target(HttpIntake(client, url), url)


@asynccontextmanager
async def _ledger(dsn: str, name: str) -> AsyncIterator[Target]:
    async with connected(dsn) as conn:
        identity = await ledger_identity(conn)
    async with await pool_of(dsn, size=1) as pool:
        yield Target(LedgerIntake(pool), f"{name} {identity}")


class _Run:
    """One run of an import, from its beginning or from where the last one was interrupted."""

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
                    self._file, self._survey.format, self._mapping, target.intake,
                    Checkpoint(self._state, key), on_progress,
                )  # fmt: skip
