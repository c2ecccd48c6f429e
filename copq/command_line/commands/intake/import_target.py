"""Where the events of files go, for `copq import` and `copq watch`."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from copq.command_line.database import connected, database
from copq.command_line.terminal import cannot, fail, refuse
from copq.database.connections import DatabaseRole
from copq.ingest.files.faults import MappingError
from copq.ingest.files.ledger_identity import ledger_identity
from copq.ingest.intake import Intake
from copq.kafka.brokers import Brokers
from copq.process.loopback import is_loopback
from copq.standalone.intake import LedgerIntake, pool_of

REQUEST_WITHIN_S = 120.0

ToOption = Annotated[
    str | None, typer.Option(help="A running service, such as http://localhost:8080.")
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar="COPQ_TOKEN", show_default=False,
        help="For --to. COPQ_TOKEN is safer: other users can see options.",
    ),
]  # fmt: skip
KafkaOption = Annotated[
    str | None,
    typer.Option(
        "--kafka", envvar="KAFKA_BOOTSTRAP",
        help="Brokers, host:port,…: the events go to quality.events there.",
    ),
]  # fmt: skip
StateOption = Annotated[
    Path | None,
    typer.Option(help="Folder that remembers how far an import got. [DATA/imports]"),
]


class Target(NamedTuple):
    """Where the events go, and a text that identifies the place."""

    intake: Intake
    identity: str


OpenTarget = Callable[[], AbstractAsyncContextManager[Target]]


@contextmanager
def faults_of_mapping(path: Path | str) -> Iterator[None]:
    """Ends the command with a sentence for each fault of the mapping that the body reads."""
    try:
        yield
    except MappingError as error:
        refuse(f"{path} is refused; nothing was imported", error.faults)
    except (OSError, UnicodeDecodeError) as error:
        cannot("read", path, error)


_PLACES = {"to": "--to", "kafka": "--kafka", "database_url": "--database"}
_VARIABLES = {"kafka": "KAFKA_BOOTSTRAP", "database_url": "DATABASE_URL"}


class Place(NamedTuple):
    """Where the events go: one of these, or the data folder's own ledger."""

    to: str | None
    kafka: str | None
    database_url: str | None


def one_place(context: typer.Context, place: Place) -> Place:
    """The place that was given; an option takes precedence over a variable.

    Ends the command if two are given: copq does not choose silently.
    """
    by_option = [n for n in _PLACES if _is_option(context, n)]
    found = by_option or [n for n in _VARIABLES if getattr(place, n)]
    if len(found) > 1:
        names = _PLACES if by_option else _VARIABLES
        given = " and ".join(names[name] for name in found)
        fail(f"the events go to one place, and {given} name several: give one of {_options()}")
    return Place(**{n: getattr(place, n) if n in found else None for n in Place._fields})


def _is_option(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _options() -> str:
    return ", ".join(_PLACES.values())


@contextmanager
def open_target(
    to: str | None, token: str | None, kafka: Brokers | None, plaintext: bool,
    database_url: str | None, data: Path,
) -> Iterator[OpenTarget]:  # fmt: skip
    """The place that the options name: a service, brokers, or else a ledger."""
    if to is not None:
        if not to.startswith(("http://", "https://")):
            fail(f'--to is the address of a service, such as http://localhost:8080, not "{to}"')
        if token and not plaintext:
            _refuse_to_tell_all(to)
        yield lambda: _service(to, token)
        return
    if kafka is not None:
        yield lambda: _brokers(kafka)
        return
    with database(database_url, data) as dsn:
        yield lambda: ledger_target(dsn, database_url or str(data.resolve()))


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

    from copq.ingest.files.http_intake import HttpIntake

    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(timeout=REQUEST_WITHIN_S, headers=headers) as client:
        yield Target(HttpIntake(client, url), url)


@asynccontextmanager
async def _brokers(brokers: Brokers) -> AsyncIterator[Target]:
    from copq.ingest.kafka_intake import KafkaIntake  # slow to load, and of use here alone
    from copq.kafka.topics import cluster_id

    identity = await cluster_id(brokers)
    intake = KafkaIntake(brokers)
    try:
        yield Target(intake, f"kafka {identity}")
    finally:
        await intake.close()


@asynccontextmanager
async def ledger_target(dsn: str, name: str) -> AsyncIterator[Target]:
    identity = await identity_of(dsn, name)
    async with await pool_of(dsn, size=1) as pool:
        yield Target(LedgerIntake(pool), identity)


async def identity_of(dsn: str, name: str) -> str:
    """A text that identifies this ledger: others, and one created again, have another."""
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
        return f"{name} {await ledger_identity(conn)}"
