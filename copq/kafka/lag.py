"""How far a worker is behind in each partition, and whether it advances at all."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from tenacity import wait_fixed

from copq.kafka import metrics
from copq.kafka.brokers import Brokers
from copq.kafka.closing import close_consumer
from copq.kafka.commits import commits
from copq.process.retry import keep_trying
from copq.telemetry.health import Health

EVERY_S = 5.0
STUCK_S = 60.0
"""A partition with records and no commit for this long is stuck: its worker is not ready."""

log = logging.getLogger(__name__)


class PartitionLag(NamedTuple):
    """The lag of the worker of one partition."""

    lag: int
    done: int
    """The committed offset."""


class Stalls:
    """Remembers since when each partition has had records and no new commit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[int, tuple[int, float]] = {}

    def seconds(self, behind: dict[int, PartitionLag]) -> dict[int, float]:
        """Seconds for which each partition has had records and no new commit; 0 if it advances."""
        now = self._clock()
        self._since = {p: self._of(p, lag, now) for p, lag in behind.items()}
        return {p: now - since for p, (_, since) in self._since.items()}

    def _of(self, partition: int, lag: PartitionLag, now: float) -> tuple[int, float]:
        done, since = self._since.get(partition, (lag.done, now))
        stands_still = lag.lag > 0 and done == lag.done
        return lag.done, since if stands_still else now


async def measure_lag(
    brokers: Brokers, stage: str, topic: str, group: str, assigned: Callable[[], Collection[int]],
    every_s: float = EVERY_S, health: Health | None = None, stuck_s: float = STUCK_S,
) -> None:  # fmt: skip
    """Compare the committed offsets of the partitions `assigned` with their ends, for ever.

    It has its own connection and joins no group, so it also sees a stage that never starts to
    commit. `health` reports stuck partitions.
    """
    metrics.LAST_COMMIT.labels(stage).set_to_current_time()
    for counter in (metrics.LOG_CHANGES, metrics.DELETED):
        counter.labels(stage, topic)  # From the start, so that `rate` sees the first increase.
    metrics.CLOCK_ERRORS.labels(stage)
    watch = _Watch(stage, topic, health or Health(), stuck_s)

    async def measure() -> None:
        consumer = AIOKafkaConsumer(**brokers.settings(), group_id=group, enable_auto_commit=False)
        try:
            await consumer.start()
            while True:
                watch.show(await _measure_lags(consumer, topic, set(assigned())))
                await asyncio.sleep(every_s)
        finally:
            await close_consumer(consumer)

    await keep_trying(measure, (KafkaError, OSError), wait_fixed(every_s), _measure_later)


def _measure_later(error: BaseException, _: float) -> None:
    log.info("lag is measured later: %r", error)


class _Watch:
    """Shows how far the partitions are behind, and names those that are stuck."""

    def __init__(self, stage: str, topic: str, health: Health, stuck_s: float) -> None:
        self._stage, self._topic, self._health, self._stuck_s = stage, topic, health, stuck_s
        self._stalls = Stalls()
        self._shown: set[int] = set()

    def show(self, behind: dict[int, PartitionLag]) -> None:
        for partition in self._shown - behind.keys():
            for gauge in (metrics.LAG, metrics.STALLED):
                gauge.remove(self._stage, self._topic, str(partition))
        self._shown = set(behind)
        stalled = self._stalls.seconds(behind)
        for partition, lag in behind.items():
            labels = (self._stage, self._topic, str(partition))
            metrics.LAG.labels(*labels).set(lag.lag)
            metrics.STALLED.labels(*labels).set(stalled[partition])
        self._tell({p: behind[p] for p, seconds in stalled.items() if seconds >= self._stuck_s})

    def _tell(self, stuck: dict[int, PartitionLag]) -> None:
        self._health.stuck = "; ".join(
            f"{self._topic}, partition {partition}: {lag.lag} records after offset {lag.done} "
            f"and no commit for {self._stuck_s:.0f} s"
            for partition, lag in sorted(stuck.items())
        )
        if stuck:
            log.error("%s is stuck: %s", self._stage, self._health.stuck)


async def _measure_lags(
    consumer: AIOKafkaConsumer, topic: str, ours: set[int]
) -> dict[int, PartitionLag]:
    places = [TopicPartition(topic, partition) for partition in ours]
    if not places:
        return {}
    # The partitions are not assigned: they would be fetched, and their records would stay in
    # memory.
    ends = await consumer.end_offsets(places)
    starts = await consumer.beginning_offsets(places)
    committed = await commits(consumer, places)
    done = {place: committed[place].offset if place in committed else 0 for place in places}
    return {
        place.partition: PartitionLag(lag_of(starts[place], ends[place], done[place]), done[place])
        for place in places
    }


def lag_of(start: int, end: int, done: int) -> int:
    """The records after the commit. If the commit is beyond the end, the log is another one: all
    count."""
    return end - max(done, start) if done <= end else end - start
