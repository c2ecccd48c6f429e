"""The exporter: figures are computed in the background, one after the other, and kept rendered."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from services.postgres import AWAY, DatabaseRole, connected
from services.rates.book import RateBook
from services.rates.store import current, load
from services.reporting.exporter import metrics
from services.reporting.exporter.apart import apart
from services.reporting.exporter.collector import Page, page_of, rendered
from services.reporting.exporter.kept import Kept
from services.reporting.exporter.made import Made
from services.reporting.exporter.reading import Reading, read
from services.reporting.exporter.zipped import Deflated, deflated

EVERY_S = 2.0
SHARE = 4
"""A pause is at least so many times as long as the work before it: a fifth of one core."""

LONGEST_PAUSE_S = 15.0
"""Figures stay fresh where one computation takes up to twenty seconds."""

STALE_AFTER = timedelta(seconds=60)
MAX_SERIES = 500_000
"""A plant of 100 lines × 50 products is shown whole, all of them made in every window."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """A page, rendered for whoever asks; `at` is the instant it is of."""

    at: datetime
    plain: bytes
    deflated: Deflated


class Exporter:
    """Keeps figures at hand. A scrape costs the same however much is in the ledger.

    While Postgres does not answer the last figures carry their age, and after a minute there
    are none: nobody takes old ones for new.
    """

    def __init__(
        self,
        dsn: str,
        every_s: float = EVERY_S,
        max_series: int = MAX_SERIES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._dsn, self._every_s, self._max_series = dsn, every_s, max_series
        self._clock = clock
        self._book = RateBook()
        self._detail: dict[str, str] | None = None
        self._kept, self._made = Kept(), Made()
        self._newest: Figures | None = None

    @property
    def figures(self) -> Figures | None:
        """The newest, or None while there are none that are fresh."""
        newest = self._newest
        fresh = newest is not None and self._clock() - newest.at < STALE_AFTER
        return newest if fresh else None

    async def run(self) -> None:
        """For ever, in a thread of its own; while Postgres is away it waits."""
        await apart(self._run)

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except (*AWAY, asyncpg.PostgresError) as error:
                metrics.REFRESHES.labels("failed").inc()
                log.warning("the figures are computed later: %r", error)
            await asyncio.sleep(1)

    async def _follow(self) -> None:
        async with connected(self._dsn, DatabaseRole.REPORTING) as conn:
            while True:
                begun = time.monotonic()
                await self.refresh(conn)
                took = time.monotonic() - begun
                await asyncio.sleep(max(self._every_s, min(SHARE * took, LONGEST_PAUSE_S)))

    async def refresh(self, conn: asyncpg.Connection) -> None:
        """Compute the figures anew. Rendering is done in a thread: others are served meanwhile."""
        with metrics.REFRESH_SECONDS.time():
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                if await current(conn) != self._book.revision:
                    self._book = await load(conn)
                reading = await read(conn, self._book, self._clock(), self._kept)
            self._newest = await asyncio.to_thread(self._render, reading)
        metrics.REFRESHES.labels("done").inc()
        metrics.LAST_SUCCESS.set(self._clock().timestamp())

    def _render(self, reading: Reading) -> Figures:
        page: Page = page_of(reading, self._max_series, self._detail, self._made)
        self._detail = page.detail
        plain = rendered(page)
        return Figures(reading.now, plain, deflated(plain))
