"""The costing stream: Faust reads `quality.events` in batches, prices them, publishes the prices.

A batch that the broker refuses is published again. If it cannot be published, the process ends with
the batch unacknowledged, so that it is read again.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from copq.costing import metrics
from copq.costing.agent import CostingAgent
from copq.costing.app import make_app
from copq.costing.assignment import Assignment
from copq.costing.batch_pricing import BatchPricing
from copq.costing.publisher import Publisher
from copq.costing.settings import CostingSettings
from copq.kafka.lag import measure_lag
from copq.kafka.topics import EVENTS
from copq.kafka.waiting import wait_for_brokers
from copq.rates.watch import RateWatch
from copq.telemetry.health import Health

log = logging.getLogger(__name__)

LEAVE_S = 3
"""The time limit of running batches after the worker is told to stop."""


class CostingStream:
    """One worker. `run` returns when `stop` is set, and raises any error that ends it."""

    def __init__(
        self, settings: CostingSettings, stop: asyncio.Event, health: Health | None = None
    ) -> None:
        self.settings = settings
        self.rates = RateWatch(settings.database)
        self._health = health or Health()
        self._stop = stop
        self._publisher = Publisher(settings.brokers, self._health)

    async def run(self) -> None:
        if not await self._servers_answer():
            return
        self._health.missing = "waits for Kafka to assign partitions"
        await self._publisher.start()
        self._join_group()
        waiting = [self._agent.failed, *map(asyncio.ensure_future, self._parts())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop.set()
            await self._leave()
        for part in waiting:
            if part.done():
                part.result()
            part.cancel()

    async def _servers_answer(self) -> bool:
        """Wait for Postgres and Kafka. False if `stop` was set first."""
        self._health.missing = "waits for the rate book in Postgres"
        if not await self.rates.first(self._stop):
            return False
        return await wait_for_brokers(self.settings.brokers, self._stop, self._health)

    def _join_group(self) -> None:
        """Make Faust's app, with the agent on `quality.events`."""
        settings = self.settings
        self._app = make_app(settings)
        self._assignment = Assignment(self._app)
        pricing = BatchPricing(self.rates, settings.max_reject_share)
        self._agent = CostingAgent(
            pricing, self._publisher, self._assignment, settings.group, self._stop
        )
        topic = self._app.topic(EVENTS, value_type=bytes, value_serializer="raw")
        self._app.agent(topic)(self._agent.follow)
        self._app.on_partitions_assigned.connect(self._mark_ready)

    def _parts(self) -> list[Coroutine[Any, Any, Any]]:
        """The tasks that run at the same time until one of them ends."""
        settings = self.settings
        lag = measure_lag(
            settings.brokers, metrics.STAGE, EVENTS, settings.group, self._assignment.partitions,
            health=self._health,
        )  # fmt: skip
        return [self._stop.wait(), self.rates.run(), self._read(), lag]

    def _mark_ready(self, *_: Any, **__: Any) -> None:
        self._health.missing = None

    async def _read(self) -> None:
        """Run Faust for ever. Raises its error: Faust may crash in its threads without a report."""
        await self._app.start()
        while not self._app.crashed:  # noqa: ASYNC110 - nobody would wake a waiter
            await asyncio.sleep(1)
        raise self._app.crash_reason or RuntimeError("Faust crashed")

    async def _leave(self) -> None:
        """Finish the running batches and leave the group. Unacknowledged batches are read again."""
        await self._agent.finish(LEAVE_S)
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._assignment.commit_all()
                await self._app.stop()
        except TimeoutError:
            log.warning("the worker stopped without leaving the consumer group")
        await self._publisher.close()
