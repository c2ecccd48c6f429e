"""The aggregator's stream: a topic into Postgres, each batch in one transaction.

Offsets live in Postgres, in the fence (`fence.py`). The next batch is decoded in a thread while
Postgres works on this one.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass

from copq.aggregator.departure import Departure
from copq.aggregator.fenced_topic import FencedReader, ReaderSettings
from copq.aggregator.fetched_batch import Fetched
from copq.aggregator.ledger_connections import LedgerConnections
from copq.aggregator.poster import Poster
from copq.aggregator.readings import Reading
from copq.kafka.brokers import Brokers
from copq.kafka.header_names import read_any_names
from copq.kafka.reject_guard import RejectGuard
from copq.rates.watch import RateWatch
from copq.telemetry.health import Health

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AggregatorSettings:
    brokers: Brokers
    database: str
    group: str = "copq-aggregator"
    batch: int = 10_000
    """The maximum number of events in a transaction: more are not faster and need more memory."""
    session_timeout_s: float = 10.0
    """A worker that sends no heartbeat for this long loses its partitions to the others."""
    from_events: bool = False
    """Whether it reads `quality.events` and prices them, without costing."""
    max_reject_share: float = 0.5
    """Of the events that it prices."""

    def reader(self, topic: str) -> ReaderSettings:
        """The settings of the reader of the topic."""
        return ReaderSettings(
            self.brokers, self.database, topic, self.members(), self.batch, self.session_timeout_s
        )

    def members(self) -> str:
        """The consumer group: workers that read another topic form another one."""
        return f"{self.group}-events" if self.from_events else self.group


class AggregatorStream:
    """One worker. `run` returns once `stop` is set, and raises any error that ends it."""

    def __init__(
        self, settings: AggregatorSettings, rates: RateWatch, reading: Reading,
        stop: asyncio.Event, health: Health | None = None,
    ) -> None:  # fmt: skip
        self.settings, self.rates, self.reading = settings, rates, reading
        self._health = health or Health()
        self._stop = stop
        self._departure = Departure(stop)
        self.reader = FencedReader(settings.reader(reading.topic), stop)
        self.connections = LedgerConnections(settings.database, settings.session_timeout_s)
        self.poster = Poster(self.connections, self.reader, rates, settings.members())
        self._guard = RejectGuard(settings.max_reject_share)

    async def run(self) -> None:
        read_any_names()
        assigned = asyncio.create_task(self._get_ready())
        try:
            await self.reader.start()
            await self._follow()
        finally:
            assigned.cancel()
            self.connections.drop_all()
            await self.reader.close()

    async def _get_ready(self) -> None:
        await self.reader.dealt.wait()
        self._health.missing = None

    async def _follow(self) -> None:
        """Fetch and copy one batch while the previous batch is posted."""
        posting: asyncio.Task[None] | None = None
        try:
            while not self._stop.is_set():
                fetched = await self._fetch()
                if fetched is not None:
                    await self._finish(asyncio.create_task(self.poster.stage_ahead(fetched)))
                if posting is not None:
                    await self._finish(posting)
                posting = asyncio.create_task(self.poster.post(fetched)) if fetched else None
        finally:
            if posting is not None:
                await self._finish(posting)

    async def _fetch(self) -> Fetched | None:
        """Raises `TooManyRejects` if the stream must not continue with what it reads."""
        found = await self.reader.fetch()
        if found is None:
            return None
        fetched = await asyncio.to_thread(Fetched.of, *found, self.reading)
        if self.reading.prices:
            reasons = Counter(event.code for event in fetched.broken)
            self._guard.check(len(fetched), reasons, fetched.place())
        return fetched

    async def _finish(self, work: asyncio.Task[None]) -> None:
        """Wait for the work. After `stop`, work that does not end soon is dropped and read
        again."""
        if await self._departure.waits_for(work):
            return
        work.cancel()
        self.connections.drop_all()
        log.warning("stopped before a batch was posted: it will be read again")
