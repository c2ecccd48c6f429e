"""The Postgres that tests share: one server a session, and a fresh database for each test.

It lies in memory where there is room. A database is hundreds of files, and making and dropping
them on a disk takes as long as most tests.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path

import asyncpg

from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.posting.partitions import make_partitions

_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30
_MIGRATED, _SERVED = "template_copq", "template_served"
_SETTINGS = {
    "fsync": "off",  # no data outlives the tests
    # To make or drop a database takes a checkpoint, and each page would be logged whole after it.
    "full_page_writes": "off",
    "max_wal_size": "256MB",
}


class SharedServer:
    """A running Postgres with a migrated template database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._numbers = count()
        self._loop = asyncio.new_event_loop()
        self._admin: asyncpg.Connection | None = None
        for name, value in _SETTINGS.items():
            self._run(f"alter system set {name} = '{value}'")
        self._run("select pg_reload_conf()")
        self._run(f"create database {_MIGRATED}")
        migrate(named(dsn, _MIGRATED))

    @contextmanager
    def database(self, *, served: bool = False) -> Iterator[str]:
        """The address of a migrated database, which is dropped: a session makes thousands.

        A served one has the partitions that a service makes at its first start, which takes half
        a second of the processor.
        """
        name = f"copq_{next(self._numbers)}"
        template = self._served if served else _MIGRATED
        self._run(f"create database {name} template {template} strategy file_copy")
        yield named(self.dsn, name)
        self._run(f"drop database if exists {name} with (force)")

    def close(self) -> None:
        """End the connection of the server's own."""
        if self._admin:
            self._loop.run_until_complete(self._admin.close())
        self._loop.close()

    @cached_property
    def _served(self) -> str:
        self._run(f"create database {_SERVED} template {_MIGRATED} strategy file_copy")
        self._loop.run_until_complete(_partition(named(self.dsn, _SERVED), datetime.now(UTC)))
        return _SERVED

    def _run(self, sql: str) -> None:
        """On one connection for all; on a new one after a test has ended all connections."""
        if self._admin is None or self._admin.is_closed():
            self._admin = self._loop.run_until_complete(asyncpg.connect(self.dsn))
        self._loop.run_until_complete(self._admin.execute(sql))


async def _partition(dsn: str, now: datetime) -> None:
    conn = await asyncpg.connect(dsn)
    await make_partitions(conn, now)
    await conn.close()


@contextmanager
def shared_server(on_disk: Path) -> Iterator[SharedServer]:
    """Start the server in memory, or in a folder on the disk."""
    with _folder(on_disk) as folder, EmbeddedPostgres(folder) as dsn:
        server = SharedServer(dsn)
        yield server
        server.close()


@contextmanager
def _folder(on_disk: Path) -> Iterator[Path]:
    """One that the account of the embedded Postgres, which is not root, may pass through."""
    if not (_MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM):
        yield on_disk
        return
    with tempfile.TemporaryDirectory(prefix="copq-tests-", dir=_MEMORY) as made:
        folder = Path(made)
        folder.chmod(0o711)
        yield folder


def named(dsn: str, database: str) -> str:
    """The same server's other database."""
    return dsn.replace("/postgres?", f"/{database}?", 1)
