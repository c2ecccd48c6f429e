"""A backup taken while events come, a folder wiped, and everything there again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from copq.backup.programs import BackupError, _program, dump
from copq.command_line.exits import Exit
from copq.database.migrate import MIGRATIONS, migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.rates.store import import_rates
from tests.support.building import book as rate_book
from tests.support.building import defect, post_events, rates
from tests.support.database.shared_server import named
from tests.support.faults.plant import GADGET, RATES, Plant
from tests.support.faults.processes import Service, copq
from tests.support.faults.sender import Sender
from tests.support.faults.site import Site
from tests.support.kafka.settings import free_ports

BATCH = 300
AT = "2026-03-02T10:00:00+01:00"


async def command(*words: str, code: int = 0) -> str:
    return await asyncio.to_thread(copq, *words, code=code)


@asynccontextmanager
async def up(folder: Path) -> AsyncIterator[Sender]:
    """`copq up` on the folder's data, until the body ends."""
    [port] = free_ports(1)
    service = Service(folder, "up", "up", "--data", str(folder / "data"), "--port", str(port))
    service.start()
    try:
        sender = Sender(port)
        await sender.is_answered()
        yield sender
        assert await service.stop() == 0
    finally:
        service.kill()


async def test_a_folder_is_backed_up_while_it_takes_events_and_restored_once_wiped(
    tmp_path: Path,
) -> None:
    data, file, plant = tmp_path / "data", tmp_path / "copq.dump", Plant(41)
    for number, text in enumerate((RATES, GADGET)):
        rates = tmp_path / f"rates-{number}.yaml"
        rates.write_text(text)
        await command("rates", "import", str(rates), "--data", str(data))
    async with up(tmp_path) as sender:
        assert await sender.post(plant.make(BATCH)) == 202
        backing_up = asyncio.create_task(command("backup", str(file), "--data", str(data)))
        while not backing_up.done():
            assert await sender.post(plant.make(BATCH)) == 202
        assert "Backed up" in await backing_up
    made = sender.made
    shutil.rmtree(data)

    assert "0 differences" in await command("restore", str(file), "--data", str(data))
    async with up(tmp_path) as sender:
        assert await sender.post(plant.make(BATCH)) == 202
        for start in range(0, len(made), BATCH):
            assert await sender.post(made[start : start + BATCH]) == 202
    embedded = EmbeddedPostgres(data)
    dsn = await asyncio.to_thread(embedded.start)
    try:
        await Site("", dsn, tmp_path).figures_are_right(plant.facts)
    finally:
        await asyncio.to_thread(embedded.stop)


@pytest.fixture
async def dumped(database: str, conn: asyncpg.Connection, tmp_path: Path) -> Path:
    """A backup of a ledger of one event."""
    await import_rates(conn, rates(), "rates.yaml", "finance")
    await post_events(conn, rate_book(), [defect("a", AT, 5)])
    await asyncio.to_thread(dump, database, tmp_path / "a.dump")
    return tmp_path / "a.dump"


async def test_a_backup_goes_into_no_database_that_holds_a_ledger(
    dumped: Path, other_database: str
) -> None:
    said = await command("restore", str(dumped), "--database", other_database, code=Exit.USAGE)
    assert "holds a ledger already" in said


async def test_a_backup_replaces_no_other_and_a_failed_one_leaves_no_file(
    dumped: Path, database: str
) -> None:
    said = await command("backup", str(dumped), "--database", database, code=Exit.USAGE)
    assert "a backup replaces none" in said
    nowhere = database.replace("/copq_", "/nowhere_")
    with pytest.raises(BackupError, match="nowhere_"):
        await asyncio.to_thread(dump, nowhere, dumped.with_name("b.dump"))
    assert [file.name for file in dumped.parent.glob("*.dump*")] == ["a.dump"]


async def test_a_folder_without_data_is_not_backed_up(tmp_path: Path) -> None:
    words = ("backup", str(tmp_path / "a.dump"), "--data", str(tmp_path / "mistyped"))
    assert "there is no data in" in await command(*words, code=Exit.USAGE)
    assert list(tmp_path.iterdir()) == []


async def test_an_older_schema_is_backed_up_as_it_is_and_brought_up_by_the_restore(
    conn: asyncpg.Connection, postgres: str, tmp_path: Path
) -> None:
    """A backup before an upgrade, by the new copq."""
    migrations, file = tmp_path / "migrations", tmp_path / "old.dump"
    shutil.copytree(MIGRATIONS, migrations)
    for version in migrations.glob("versions/0*.py"):
        if version.name > "0003_":
            version.unlink()
    await conn.execute("create database older")
    await conn.execute("create database brought_up")
    await asyncio.to_thread(migrate, named(postgres, "older"), migrations)
    await command("backup", str(file), "--database", named(postgres, "older"))
    assert await version_of(named(postgres, "older")) == "0002_access"
    await command("restore", str(file), "--database", named(postgres, "brought_up"))
    latest = await conn.fetchval("select version_num from alembic_version")
    assert await version_of(named(postgres, "brought_up")) == latest


async def version_of(dsn: str) -> str:
    conn = await asyncpg.connect(dsn)
    found: str = await conn.fetchval("select version_num from alembic_version")
    await conn.close()
    return found


async def test_only_its_owner_may_read_a_backup(dumped: Path) -> None:
    assert dumped.stat().st_mode & 0o077 == 0


async def test_partitions_are_not_made_while_a_reader_holds_them_and_posting_goes_on(
    conn: asyncpg.Connection, database: str
) -> None:
    """A dump holds every table as long as it takes."""
    reader = await asyncpg.connect(database)
    async with reader.transaction():
        await reader.fetch("select from copq.event")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await conn.fetchval("select copq.make_partitions('2031-01-01', '2031-01-01')")
        await post_events(conn, rate_book(), [defect("b", AT, 5)])
    await reader.close()
    assert await conn.fetchval("select copq.make_partitions('2031-01-01', '2031-01-01')") == 2


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://copq:s%2Fec%23ret@db:5432/copq",
        "postgresql://copq@db:5432/copq?password=s/ec%23ret",
    ],
)
def test_no_part_of_a_password_is_an_argument_of_pg_dump(
    dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Everybody on the machine sees the arguments of every process."""
    seen = tmp_path / "seen"
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$* PGPASSWORD=$PGPASSWORD" > {seen}\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setattr("copq.backup.programs._bundled", lambda name: tmp_path / name)
    with pytest.raises(BackupError):
        dump(dsn, tmp_path / "file")
    arguments, _, password = seen.read_text().strip().partition(" PGPASSWORD=")
    assert password == "s/ec#ret"
    assert "--dbname=postgresql://copq@db:5432/copq " in arguments
    arguments = arguments.replace(str(tmp_path), "")
    assert not any(part in arguments for part in ("s/ec", "ec#", "ret", "password"))


def test_where_tls_is_asked_for_the_systems_own_program_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "pg_dump"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _program("pg_dump", "postgresql://db/copq?sslmode=verify-full") == own
    assert _program("pg_dump", "postgresql://db/copq").parent.name == "bin"
    with pytest.raises(BackupError, match="knows no TLS"):
        _program("pg_restore", "postgresql://db/copq?sslmode=require")
