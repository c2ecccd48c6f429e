"""The Postgres that tests share: one server a session, and a fresh database for each test.

It lies in memory where there is room. A database is hundreds of files, and making and dropping
them on a disk takes as long as most tests.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import asyncpg

from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres

_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30
_SETTINGS = {
    "fsync": "off",  # no data outlives the tests
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
        self._run("create database template_copq")
        migrate(named(dsn, "template_copq"))

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a migrated database, which is dropped: a session makes thousands."""
        name = f"copq_{next(self._numbers)}"
        self._run(f"create database {name} template template_copq strategy file_copy")
        yield named(self.dsn, name)
        self._run(f"drop database if exists {name} with (force)")

    def close(self) -> None:
        """End the connection of the server's own."""
        if self._admin:
            self._loop.run_until_complete(self._admin.close())
        self._loop.close()

    def _run(self, sql: str) -> None:
        """On one connection for all; on a new one after a test has ended all connections."""
        if self._admin is None or self._admin.is_closed():
            self._admin = self._loop.run_until_complete(asyncpg.connect(self.dsn))
        self._loop.run_until_complete(self._admin.execute(sql))


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
