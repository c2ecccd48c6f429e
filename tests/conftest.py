"""A real Postgres for the tests: one server a session, a fresh database a test."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.posting.post import prepare
from tests.order import LONGEST
from tests.support.searching import register_profiles

pytest_plugins = [
    "tests.support.kafka.fixtures",
    "tests.support.programs.browser",
    "tests.support.ingest.mqtt.fixtures",
]
_numbers = count()
_TESTS = Path(__file__).parent
register_profiles()


def pytest_configure() -> None:
    """Let processes of a test end on these signals, which a shell in the background ignores."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; within a file, and for all others, the order stays."""
    places = {_TESTS / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.fixture(scope="session")
def tmp_path_factory(tmp_path_factory: pytest.TempPathFactory) -> pytest.TempPathFactory:
    """Of folders that the embedded Postgres, which does not run as root, may pass through."""
    base, make = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp

    def mktemp(basename: str, numbered: bool = True) -> Path:
        path = make(basename, numbered)
        path.chmod(0o711)
        return path

    for folder in (base, base.parent):
        folder.chmod(0o711)
    tmp_path_factory.mktemp = mktemp  # type: ignore[method-assign]
    return tmp_path_factory


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server, with a migrated template database."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(folder) as dsn:
        _run(dsn, "alter system set fsync = off")  # it does not outlive the tests
        _run(dsn, "select pg_reload_conf()")
        _run(dsn, "create database template_copq")
        migrate(named(dsn, "template_copq"))
        yield dsn


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The address of an empty, migrated database of the test's own."""
    with _fresh_database(postgres) as dsn:
        yield dsn


@pytest.fixture
def other_database(postgres: str) -> Iterator[str]:
    """As `database`, for a test that needs two."""
    with _fresh_database(postgres) as dsn:
        yield dsn


@contextmanager
def _fresh_database(postgres: str) -> Iterator[str]:
    """Dropped afterwards: a session makes thousands, of which each takes room on the disk."""
    name = f"copq_{next(_numbers)}"
    _run(postgres, f"create database {name} template template_copq")
    yield named(postgres, name)
    _run(postgres, f"drop database if exists {name} with (force)")


@pytest.fixture
async def conn(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the test's database, ready to post."""
    connection = await asyncpg.connect(database)
    await prepare(connection)
    yield connection
    await connection.close()


def named(dsn: str, database: str) -> str:
    """The same server's other database."""
    return dsn.replace("/postgres?", f"/{database}?", 1)


def _run(dsn: str, sql: str) -> None:
    import asyncio

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(sql)
        await connection.close()

    asyncio.run(run())
