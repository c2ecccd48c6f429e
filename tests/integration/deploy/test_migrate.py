"""Migrations against a real database."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from copq.database.migrate import MIGRATIONS, SchemaMismatch, check, migrate, pending
from copq.embedded_postgres.server import EmbeddedPostgres

ROOT = Path(__file__).parents[3]

VERSION = """
from pathlib import Path
from copq.database.migrations.sql_file import run_sql_file
revision = {name!r}
down_revision = {before!r}
def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "{name}.sql")
"""

FIRST = """
-- Several statements; what a parser of parameters or percent signs would trip on.
create table note (n int, said text);
create function twice(x int) returns int language plpgsql as $$ begin return x * 2; end $$;
insert into note values (1, 'a :b 100%% of 12:30::text\ttab; $1');
-- the last words"""


def add(folder: Path, name: str, before: str | None, sql: str) -> None:
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    (folder / "sql").mkdir(exist_ok=True)
    (folder / "env.py").write_text((MIGRATIONS / "env.py").read_text())
    (folder / "versions" / f"{name}.py").write_text(VERSION.format(name=name, before=before))
    (folder / "sql" / f"{name}.sql").write_text(sql)


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "100%migrations"
    add(folder, "0001_note", None, FIRST)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[str]:
    with EmbeddedPostgres(data) as dsn:
        yield dsn


@pytest.fixture
def dsn(server: str, request: pytest.FixtureRequest) -> str:
    """A database of the test's own."""
    name = f"db_{abs(hash(request.node.name))}"
    ask(server, f"create database {name}")
    return server.replace("/postgres?", f"/{name}?")


def ask(dsn: str, query: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(asked())


def test_fresh_then_again(dsn: str, migrations: Path) -> None:
    assert pending(dsn, migrations) == ["0001_note"]
    migrate(dsn, migrations)
    migrate(dsn, migrations)
    check(dsn, migrations)
    assert pending(dsn, migrations) == []
    assert ask(dsn, "select twice(n) from note") == 2
    assert ask(dsn, "select said from note") == "a :b 100%% of 12:30::text\ttab; $1"


def test_the_products_own_migrations(dsn: str) -> None:
    migrate(dsn)
    check(dsn)


def test_behind_is_told_and_mended(dsn: str, migrations: Path) -> None:
    with pytest.raises(SchemaMismatch, match="run: copq migrate"):
        check(dsn, migrations)
    migrate(dsn, migrations)
    add(migrations, "0002_more", "0001_note", "alter table note add more int;")
    add(migrations, "0003_most", "0002_more", "alter table note add most int;")
    assert pending(dsn, migrations) == ["0002_more", "0003_most"]
    with pytest.raises(SchemaMismatch, match="lacks 2 migrations, from 0002_more"):
        check(dsn, migrations)
    migrate(dsn, migrations)
    assert ask(dsn, "select count(most) from note") == 0


def test_ahead_is_refused(dsn: str, migrations: Path) -> None:
    migrate(dsn, migrations)
    ask(dsn, "update alembic_version set version_num = '0009_future'")
    for refused in (check, migrate, pending):
        with pytest.raises(SchemaMismatch, match="older than the database"):
            refused(dsn, migrations)


def test_a_failing_migration_leaves_nothing(dsn: str, migrations: Path) -> None:
    add(migrations, "0002_bad", "0001_note", "create table half (); select 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        migrate(dsn, migrations)
    assert pending(dsn, migrations) == ["0001_note", "0002_bad"]
    assert ask(dsn, "select to_regclass('note')") is None


def test_several_at_once(dsn: str, migrations: Path) -> None:
    (migrations / "sql" / "0001_note.sql").write_text("select pg_sleep(0.5); create table note ();")
    program = (
        "import sys; from pathlib import Path; from copq.database.migrate import migrate; "
        "migrate(sys.argv[1], Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, dsn, str(migrations)]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    check(dsn, migrations)


async def test_inside_a_running_event_loop(dsn: str, migrations: Path) -> None:
    calls = [asyncio.to_thread(migrate, dsn, migrations) for _ in range(3)]
    await asyncio.gather(*calls)
    await asyncio.to_thread(check, dsn, migrations)


def wait_until_refused(dsn: str) -> None:
    """A reload is only a signal: the server heeds it when it gets to it."""
    for _ in range(6000):
        try:
            ask(dsn, "select 1")
        except asyncpg.InvalidPasswordError:
            return
        time.sleep(0.1)


def test_a_password_with_special_characters(dsn: str, data: Path, migrations: Path) -> None:
    password = "p@ss/w%rd:#?&=+ é"
    ask(dsn, f"create role keeper login password '{password}'")
    ask(dsn, "grant create on schema public to keeper")
    access = data / "postgres" / "pg_hba.conf"
    access.write_text("local all keeper scram-sha-256\n" + access.read_text())
    ask(dsn, "select pg_reload_conf()")
    refused = dsn.replace("postgres:@", "keeper:wrong@")
    wait_until_refused(refused)
    with pytest.raises(asyncpg.InvalidPasswordError):
        migrate(refused, migrations)
    migrate(dsn.replace("postgres:@", f"keeper:{quote(password, safe='')}@"), migrations)
    assert ask(dsn, "select tableowner from pg_tables where tablename = 'note'") == "keeper"
