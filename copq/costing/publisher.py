"""Publishes priced batches to Kafka until the broker has acknowledged each whole batch."""

import asyncio
import logging

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError, KafkaError
from tenacity import wait_fixed

from copq.costing import metrics
from copq.costing.batches import PricedBatch
from copq.kafka import metrics as stream_metrics
from copq.kafka.brokers import Brokers
from copq.kafka.closing import close_producer
from copq.kafka.publish import CLOCK_AHEAD, publish, start_producer
from copq.kafka.topics import PRICED, REJECTED
from copq.process.retry import keep_trying
from copq.telemetry.health import Health

RENEW_S = 1
"""A producer that failed is replaced after this time."""

log = logging.getLogger(__name__)


class Publisher:
    """Publishes the batches of one worker. An error may make an idempotent producer unusable: it is
    replaced once for all batches."""

    def __init__(self, brokers: Brokers, health: Health) -> None:
        self._brokers, self._health = brokers, health
        self._producer: AIOKafkaProducer | None = None
        self._broken: AIOKafkaProducer | None = None
        self._renewing = asyncio.Lock()

    async def start(self) -> None:
        """Start the producer. Raises a `KafkaError`."""
        self._producer = await start_producer(self._brokers)

    async def close(self) -> None:
        if self._producer is not None:
            await close_producer(self._producer)

    async def publish(self, batch: PricedBatch, partition: int) -> None:
        """Publish to the partition of the batch, until all messages are acknowledged."""
        await keep_trying(
            lambda: self._publish_once(batch, partition), KafkaError, wait_fixed(0), self._report
        )

    async def _publish_once(self, batch: PricedBatch, partition: int) -> None:
        producer = await self._working_producer()
        try:
            await _send(producer, batch, partition)
        except KafkaError:
            self._broken = producer
            raise
        self._health.clock = ""

    def _report(self, error: BaseException, _: float) -> None:
        stream_metrics.RETRIES.labels(metrics.STAGE).inc()
        if isinstance(error, InvalidTimestampError):
            self._health.clock = CLOCK_AHEAD
            stream_metrics.CLOCK_ERRORS.labels(metrics.STAGE).inc()
            log.error("publishing is tried again: %s", CLOCK_AHEAD)
        else:
            log.warning("publishing is tried again: %r", error)

    async def _working_producer(self) -> AIOKafkaProducer:
        async with self._renewing:
            if self._producer is None or self._producer is self._broken:
                await self.close()
                await asyncio.sleep(RENEW_S)
                self._producer = await self._new_producer()
            return self._producer

    async def _new_producer(self) -> AIOKafkaProducer:
        return await keep_trying(
            lambda: start_producer(self._brokers), KafkaError, wait_fixed(RENEW_S), _report_away
        )


def _report_away(error: BaseException, _: float) -> None:
    log.warning("Kafka does not answer: %r", error)


async def _send(producer: AIOKafkaProducer, batch: PricedBatch, partition: int) -> None:
    """Send all messages. Raises the broker's first error once all are answered."""
    futures: list[asyncio.Future[object]] = []
    for topic, messages in ((PRICED, batch.priced), (REJECTED, batch.rejected)):
        if messages:
            partitions = len(await producer.partitions_for(topic))
            futures += await publish(producer, topic, partition % partitions, messages)
    for answer in await asyncio.gather(*futures, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
