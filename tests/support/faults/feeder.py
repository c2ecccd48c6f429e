"""Events onto `quality.events` for as long as a test takes, whatever becomes of the broker."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from copq.kafka.brokers import Brokers
from copq.kafka.headers import NONE
from copq.kafka.publish import Message, publish, start_producer
from copq.kafka.topics import EVENTS, key_of
from tests.support.faults.plant import Fact, Plant

log = logging.getLogger(__name__)

AT_ONCE = 50
PAUSE_S = 0.2


class Feeder:
    """Sends until all is acknowledged; what may not have arrived is sent again."""

    def __init__(self, bootstrap: str, topic: str = EVENTS) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None

    async def send(self, facts: Sequence[Fact]) -> None:
        await self.send_raw(
            [(key_of("pune", fact.key_line or fact.line), fact.raw(), NONE) for fact in facts]
        )

    async def send_raw(self, messages: Sequence[Message]) -> None:
        while True:
            try:
                async with asyncio.timeout(10):
                    return await self._try(messages)
            except (KafkaError, OSError) as error:
                log.info("sent again: %r", error)
                await self.close()
                await asyncio.sleep(0.5)

    async def _try(self, messages: Sequence[Message]) -> None:
        if self._producer is None:
            self._producer = await start_producer(Brokers(self._bootstrap))
        partitions = sorted(await self._producer.partitions_for(self._topic))
        sorted_out = defaultdict(list)
        for message in messages:
            sorted_out[partitions[sum(message[0] or b"") % len(partitions)]].append(message)
        futures = []
        for partition, found in sorted_out.items():
            futures += await publish(self._producer, self._topic, partition, found)
        await asyncio.gather(*futures)

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), 2)


@asynccontextmanager
async def streaming(bootstrap: str, plant: Plant, at_first: int = 1_000) -> AsyncIterator[None]:
    """Events keep coming while the body runs: some thousands to begin with, then a stream."""
    feeder, stop = Feeder(bootstrap), asyncio.Event()
    await feeder.send(plant.make(at_first))
    feeding = asyncio.create_task(_feed(feeder, plant, stop))
    try:
        yield
    finally:
        stop.set()
        await feeding
        await feeder.close()


async def _feed(feeder: Feeder, plant: Plant, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await feeder.send(plant.make(AT_ONCE))
        await asyncio.sleep(PAUSE_S)
