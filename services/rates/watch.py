"""The rate book of a running service: loaded before the first event, updated automatically."""

import asyncio
import logging

import asyncpg

from services.database.connections import AWAY, DatabaseRole, connected
from services.process.stopping import unless_stopped
from services.rates.book import RateBook
from services.rates.store import current_revision, load, load_names

EVERY_S = 0.5
"""A new table is used within a second of its import."""

log = logging.getLogger(__name__)


class RateWatch:
    """Keeps `book` at the newest revision. While Postgres is away the last book stays."""

    def __init__(self, dsn: str, names_only: bool = False) -> None:
        """`names_only`: for who may see no cost; every figure of the book is zero."""
        self.book = RateBook()
        self._dsn = dsn
        self._role = DatabaseRole.INGEST if names_only else DatabaseRole.COSTING
        self._load = load_names if names_only else load

    async def first(self, stop: asyncio.Event) -> RateBook | None:
        """Load the book, and wait for Postgres as long as needed. None if `stop` was set first."""
        return await unless_stopped(stop, self._first())

    async def _first(self) -> RateBook:
        while True:
            try:
                await self._renew()
                return self.book
            except (*AWAY, asyncpg.PostgresError) as error:
                log.warning("the rate book waits for Postgres: %s", error)
                await asyncio.sleep(1)

    async def run(self) -> None:
        """Update the book for ever."""
        while True:
            try:
                await self._follow()
            except (*AWAY, asyncpg.PostgresError) as error:
                log.warning("rate book stays at revision %d: %s", self.book.revision, error)
            await asyncio.sleep(EVERY_S)

    async def at_least(self, revision: int) -> RateBook:
        """Wait for the book of this revision or a newer one."""
        while self.book.revision < revision:  # noqa: ASYNC110 - run() fills it
            await asyncio.sleep(EVERY_S / 10)
        return self.book

    async def _renew(self) -> None:
        async with connected(self._dsn, self._role) as connection:
            self.book = await self._load(connection)

    async def _follow(self) -> None:
        async with connected(self._dsn, self._role) as connection:
            while True:
                if await current_revision(connection) != self.book.revision:
                    self.book = await self._load(connection)
                    log.info("rate book revision %d", self.book.revision)
                await asyncio.sleep(EVERY_S)
