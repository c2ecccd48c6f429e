"""How far a worker is behind, partition by partition."""

import asyncio
import logging
from collections.abc import Callable, Collection

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.kafka import metrics
from services.kafka.brokers import Brokers
from services.kafka.closing import close_consumer

EVERY_S = 5.0

log = logging.getLogger(__name__)


async def keep_measuring(
    brokers: Brokers, stage: str, topic: str, group: str, assigned: Callable[[], Collection[int]],
    every_s: float = EVERY_S,
) -> None:  # fmt: skip
    """For ever: the committed offsets of the partitions `assigned` against their ends.

    It asks on a connection of its own, and joins no group: a stage that hangs is seen to fall
    behind, also one that hangs from its beginning.
    """
    metrics.LAST_COMMIT.labels(stage).set_to_current_time()
    while True:
        consumer = AIOKafkaConsumer(**brokers.settings(), group_id=group, enable_auto_commit=False)
        try:
            await consumer.start()
            await _follow(consumer, stage, topic, assigned, every_s)
        except (KafkaError, OSError) as error:
            log.info("lag is measured later: %r", error)
            await asyncio.sleep(every_s)
        finally:
            await close_consumer(consumer)


async def _follow(
    consumer: AIOKafkaConsumer, stage: str, topic: str, assigned: Callable[[], Collection[int]],
    every_s: float,
) -> None:  # fmt: skip
    shown: set[int] = set()
    while True:
        ours = set(assigned())
        for partition in shown - ours:
            metrics.LAG.remove(stage, topic, str(partition))
        shown = ours
        for partition, lag in (await _lags(consumer, topic, ours)).items():
            metrics.LAG.labels(stage, topic, str(partition)).set(lag)
        await asyncio.sleep(every_s)


async def _lags(consumer: AIOKafkaConsumer, topic: str, ours: set[int]) -> dict[int, int]:
    places = [TopicPartition(topic, partition) for partition in ours]
    if not places:
        return {}
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    starts = await consumer.beginning_offsets(places)
    done = {place: await consumer.committed(place) for place in places}
    return {
        place.partition: max(ends[place] - max(done[place] or 0, starts[place]), 0)
        for place in places
    }
