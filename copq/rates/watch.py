"""The rate book of a running service: loaded before the first event, updated automatically."""

import asyncio
import logging

import asyncpg
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.process.retry import keep_trying
from copq.process.stopping import unless_stopped
from copq.rates.book import RateBook
from copq.rates.store import current_revision, load, load_names

EVERY_S = 0.5
"""A new table is used within a second of its import."""

FIRST_S = 1.0
_AWAY = (*AWAY, asyncpg.PostgresError)

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
        first = keep_trying(self._renew, _AWAY, wait_fixed(FIRST_S), self._warn_of_the_first)
        return await unless_stopped(stop, first)

    async def run(self) -> None:
        """Update the book for ever."""
        await keep_trying(self._follow, _AWAY, wait_fixed(EVERY_S), self._warn)

    async def at_least(self, revision: int) -> RateBook:
        """Wait for the book of this revision or a newer one."""
        while self.book.revision < revision:  # noqa: ASYNC110 - run() fills it
            await asyncio.sleep(EVERY_S / 10)
        return self.book

    async def _renew(self) -> RateBook:
        async with connected(self._dsn, self._role) as connection:
            self.book = await self._load(connection)
        return self.book

    async def _follow(self) -> None:
        async with connected(self._dsn, self._role) as connection:
            while True:
                if await current_revision(connection) != self.book.revision:
                    self.book = await self._load(connection)
                    log.info("rate book revision %d", self.book.revision)
                await asyncio.sleep(EVERY_S)

    def _warn_of_the_first(self, error: BaseException, _: float) -> None:
        log.warning("the rate book waits for Postgres: %s", error)

    def _warn(self, error: BaseException, _: float) -> None:
        log.warning("rate book stays at revision %d: %s", self.book.revision, error)
