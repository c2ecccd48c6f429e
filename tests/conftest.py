"""A real Postgres for the tests: one server a session, a fresh database a test."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from deploy.migrate import migrate
from services.aggregator.post import prepare
from services.standalone.postgres import EmbeddedPostgres

pytest_plugins = ["tests.kafka.fixtures", "tests.programs.browser", "tests.mqtt.fixtures"]
_numbers = count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server, with a migrated template database."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(folder) as dsn:
        _run(dsn, "create database template_copq")
        migrate(named(dsn, "template_copq"))
        yield dsn


@pytest.fixture
def database(postgres: str) -> str:
    """The address of an empty, migrated database of the test's own."""
    return _fresh_database(postgres)


@pytest.fixture
def other_database(postgres: str) -> str:
    """As `database`, for a test that needs two."""
    return _fresh_database(postgres)


def _fresh_database(postgres: str) -> str:
    name = f"copq_{next(_numbers)}"
    _run(postgres, f"create database {name} template template_copq")
    return named(postgres, name)


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
