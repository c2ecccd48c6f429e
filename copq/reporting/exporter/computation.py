"""One computation of all figures: read in one snapshot, rendered, compressed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from copq.rates.book import RateBook
from copq.rates.store import current_revision, load
from copq.reporting.exporter.collector import Page, page_of, rendered
from copq.reporting.exporter.compression import Deflated, deflated
from copq.reporting.exporter.finished_samples import FinishedSamples
from copq.reporting.exporter.finished_sums import FinishedSums
from copq.reporting.exporter.reading import Reading, read

MAX_SERIES = 500_000
"""A plant of 100 lines × 50 products is shown whole, if all are made in every window."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A page of figures as of the instant `at`."""

    at: datetime
    page: Deflated


class Computation:
    """Computes figures repeatedly, and caches those of finished buckets."""

    def __init__(
        self,
        max_series: int = MAX_SERIES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        grouping: str | None = None,
    ) -> None:
        self._max_series, self._clock, self._grouping = max_series, clock, grouping
        self._book = RateBook()
        self._detail: dict[str, str] | None = None
        self._finished_sums, self._finished_samples = FinishedSums(), FinishedSamples()

    async def figures(self, conn: asyncpg.Connection) -> Figures:
        """The figures as of now, read in a transaction of its own."""
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            if await current_revision(conn) != self._book.revision:
                self._book = await load(conn)
            now = self._clock()
            reading = await read(conn, self._book, now, self._finished_sums, self._grouping)
        return self._render(reading)

    def _render(self, reading: Reading) -> Figures:
        page: Page = page_of(reading, self._max_series, self._detail, self._finished_samples)
        self._detail = page.detail
        return Figures(reading.now, deflated(rendered(page)))
