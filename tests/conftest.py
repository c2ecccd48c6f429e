"""A real Postgres for the tests: one server a session, a fresh database a test."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from copq.posting.post import prepare
from tests.order import LONGEST
from tests.support.database.shared_server import SharedServer, shared_server
from tests.support.searching import register_profiles

pytest_plugins = [
    "tests.support.kafka.fixtures",
    "tests.support.programs.browser",
    "tests.support.ingest.mqtt.fixtures",
]
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
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedServer]:
    """The session's Postgres, with a migrated template database."""
    with shared_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres(shared: SharedServer) -> str:
    """The address of the session's Postgres."""
    return shared.dsn


@pytest.fixture
def database(shared: SharedServer) -> Iterator[str]:
    """The address of an empty, migrated database of the test's own."""
    with shared.database() as dsn:
        yield dsn


@pytest.fixture
def other_database(shared: SharedServer) -> Iterator[str]:
    """As `database`, for a test that needs two."""
    with shared.database() as dsn:
        yield dsn


@pytest.fixture
async def conn(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the test's database, ready to post."""
    connection = await asyncpg.connect(database)
    await prepare(connection)
    yield connection
    await connection.close()
