"""The exporter: computes figures in the background, one after the other, and serves the last
page."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from copq.reporting.exporter import metrics
from copq.reporting.exporter.computation import MAX_SERIES, Figures
from copq.reporting.exporter.reports import ComputedFigures, Report, Task
from copq.reporting.exporter.separate_process import computing

EVERY_S = 2.0
STALE_AFTER = timedelta(seconds=60)

log = logging.getLogger(__name__)


class Exporter:
    """Holds the last figures. The cost of a scrape does not depend on the size of the ledger.

    While Postgres does not answer, the last figures are served with their age. After a minute none
    are served, so that nobody takes old figures for new ones.
    """

    def __init__(
        self,
        dsn: str,
        every_s: float = EVERY_S,
        max_series: int = MAX_SERIES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        grouping: str | None = None,
    ) -> None:
        self._task = Task(dsn, every_s, max_series, grouping)
        self._clock = clock
        self._newest: Figures | None = None

    @property
    def figures(self) -> Figures | None:
        """The newest figures; None if the last ones are too old."""
        newest = self._newest
        fresh = newest is not None and self._clock() - newest.at < STALE_AFTER
        return newest if fresh else None

    async def run(self) -> None:
        """Compute for ever. If the computing process ends (memory, a signal), it is started
        again."""
        while True:
            async with computing(self._task) as reports:
                async for report in reports:
                    self._take(report)
            self._failed("the computing process ended")
            await asyncio.sleep(1)

    def _take(self, report: Report) -> None:
        if isinstance(report, ComputedFigures):
            metrics.REFRESH_SECONDS.observe(report.seconds)
            self.show(report.figures)
        else:
            self._failed(report.why)

    def show(self, figures: Figures) -> None:
        """Serve these figures from now on."""
        self._newest = figures
        metrics.REFRESHES.labels("done").inc()
        metrics.LAST_SUCCESS.set(self._clock().timestamp())

    def _failed(self, why: str) -> None:
        metrics.REFRESHES.labels("failed").inc()
        log.warning("the figures are computed later: %s", why)
