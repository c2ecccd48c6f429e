"""The costing stream: Faust reads `quality.events` in batches, prices them, publishes the prices.

A batch is acknowledged once all it caused is acknowledged by the broker. No exception leaves
the agent: Faust would acknowledge the batch. What the broker refuses is published again; what
cannot be published ends the process with the batch unacknowledged, so that it is read again.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError, KafkaError
from faust.exceptions import ConsumerNotStarted

from services.costing import metrics
from services.costing.batches import PricedBatch, RejectGuard, price_records
from services.costing.faust_batches import BatchTransport
from services.kafka import metrics as stream_metrics
from services.kafka.brokers import Brokers
from services.kafka.closed_connections import expect_closed_connections
from services.kafka.closing import close_producer
from services.kafka.header_names import read_any_names
from services.kafka.lag import measure_lag
from services.kafka.publish import CLOCK_AHEAD, publish, start_producer
from services.kafka.topics import EVENTS, METADATA_MS, PRICED, REJECTED
from services.kafka.waiting import wait_for_brokers
from services.pricing.price_cache import Pricer
from services.rates.watch import RateWatch
from services.telemetry.health import Health
from services.telemetry.spans import Span
from services.telemetry.tracing import tracer

log = logging.getLogger(__name__)

FETCH_BYTES = 400 * 1024
"""From one partition at once: priced, it still fits into one record batch, so one round trip."""

LEAVE_S = 3
"""The time that the running batches have after the worker is told to stop."""


class TooManyRejects(Exception):
    """The share of refused events exceeds the limit: the stream stops."""


@dataclass(frozen=True, slots=True)
class CostingSettings:
    brokers: Brokers
    database: str
    group: str = "copq-costing"
    max_reject_share: float = 0.5
    session_timeout_s: float = 30.0
    """A worker without a sign of life for this long loses its partitions to the others."""
    data: str = "/tmp/copq-faust"  # noqa: S108 - Faust insists on a folder; nothing is kept in it


def make_app(settings: CostingSettings) -> faust.App:
    """Small buffers, since what is buffered is replayed after a rebalance; no web server.

    Faust does not wait for its buffers itself: for a batch that was dropped it would for ever.
    """
    read_any_names()
    expect_closed_connections()
    app = faust.App(
        settings.group,
        broker=[f"aiokafka://{address}" for address in settings.brokers.addresses.split(",")],
        broker_credentials=settings.brokers.credentials(),
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_buffer_maxsize=2,
        stream_wait_empty=False,
        broker_commit_interval=1.0,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 10,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_metadata_max_age_ms=METADATA_MS,
        web_enabled=False,
        datadir=settings.data,
        store="memory://",
    )
    app.transport = BatchTransport(
        settings.brokers, url=app.conf.broker_consumer, app=app, loop=app.loop
    )
    return app


class CostingStream:
    """One worker. `run` returns when `stop` is set, and raises any error that ends it."""

    def __init__(
        self, settings: CostingSettings, stop: asyncio.Event, health: Health | None = None
    ) -> None:
        self.settings = settings
        self._health = health or Health()
        self._stop = stop
        self.rates = RateWatch(settings.database)
        self._newest = Pricer(self.rates.book)
        self._guard = RejectGuard(settings.max_reject_share)
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._publishing: dict[int, asyncio.Task[None]] = {}
        self._renewing = asyncio.Lock()
        self._committing: asyncio.Task[Any] | None = None

    async def run(self) -> None:
        self._health.missing = "waits for the rate book, from Postgres"
        if not await self.rates.first(self._stop):
            return
        if not await wait_for_brokers(self.settings.brokers, self._stop, self._health):
            return
        self._health.missing = "waits for its partitions, from Kafka"
        self._producer = await start_producer(self.settings.brokers)
        self._app = make_app(self.settings)
        self._app.agent(self._app.topic(EVENTS, value_type=bytes, value_serializer="raw"))(
            self._agent
        )
        self._app.on_partitions_assigned.connect(self._mark_ready)
        parts: list[Coroutine[Any, Any, Any]] = [
            self._stop.wait(), self.rates.run(), self._read(),
            measure_lag(
                self.settings.brokers, metrics.STAGE, EVENTS, self.settings.group,
                self._assigned_partitions,
                health=self._health,
            ),
        ]  # fmt: skip
        waiting = [self._failed, *(asyncio.ensure_future(part) for part in parts)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop.set()
            await self._leave()
        for part in waiting:
            if part.done():
                part.result()
            part.cancel()

    def _mark_ready(self, *_: Any, **__: Any) -> None:
        self._health.missing = None

    async def _read(self) -> None:
        """Run Faust for ever. Raises its error: Faust may crash in its threads without a report."""
        await self._app.start()
        while not self._app.crashed:  # noqa: ASYNC110 - nobody would wake a waiter
            await asyncio.sleep(1)
        raise self._app.crash_reason or RuntimeError("Faust crashed")

    async def _leave(self) -> None:
        """Finish the running batches and leave the group; without an answer they are read again."""
        if self._publishing:
            await asyncio.wait(self._publishing.values(), timeout=LEAVE_S)
        consumer: Any = self._app.consumer
        try:
            async with asyncio.timeout(LEAVE_S):
                await consumer.commit_all()
                await self._app.stop()
        except TimeoutError:
            log.warning("the consumer group was left without a word")
        await close_producer(self._producer)

    async def _agent(self, stream: Any) -> None:
        async for event in stream.noack().events():
            try:
                await self._batch(event)
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """End the process. Records read after this are neither published nor acknowledged."""
        self._stop.set()
        if not self._failed.done():
            self._failed.set_exception(error)

    async def _batch(self, event: Any) -> None:
        """Price this batch while other batches are acknowledged, one for each partition."""
        if self._stop.is_set() or not self._is_ours(event):
            return
        records = event.value.records
        span = tracer().batch(EVENTS, self.settings.group, records)
        with stream_metrics.BATCH_SECONDS.labels(metrics.STAGE).time():
            batch = price_records(records, self._pricer(), datetime.now(UTC))
        if not self._guard.admits(len(records), len(batch.rejected)):
            raise TooManyRejects(self._why(batch, event.message))
        partition = event.message.partition
        if partition in self._publishing:
            await self._publishing[partition]
        # The batch before may have failed: Faust would commit it together with this one.
        if not self._stop.is_set() and self._is_ours(event):
            self._publishing[partition] = asyncio.create_task(self._publish(batch, event, span))

    def _pricer(self) -> Pricer:
        """The pricer of the newest rate book."""
        if self._newest.book is not self.rates.book:
            self._newest = Pricer(self.rates.book)
        return self._newest

    def _why(self, batch: PricedBatch, message: Any) -> str:
        reasons = ", ".join(f"{n} {code}" for code, n in batch.reasons.most_common(3))
        return (
            f"over {self.settings.max_reject_share:.0%} of the events read are refused "
            f"({reasons}); stopped before partition {message.partition}, offset {message.offset}. "
            "Fix the sender, or start with a higher --max-reject-share to let them pass into "
            f"{REJECTED}"
        )

    def _is_ours(self, event: Any) -> bool:
        """Not so once partitions were dealt again, or the log is another one: what is in it is
        read again, here or by another worker."""
        message = event.message
        consumer: Any = self._app.consumer
        return (
            message.generation_id == self._app.consumer_generation_id
            and message.tp in consumer.assignment()
            and consumer.is_current(message.tp, event.value)
        )

    def _assigned_partitions(self) -> list[int]:
        """This worker's partitions of `quality.events`."""
        try:
            return [tp.partition for tp in self._app.consumer.assignment() if tp.topic == EVENTS]
        except ConsumerNotStarted:
            return []

    async def _publish(self, batch: PricedBatch, event: Any, span: Span) -> None:
        try:
            with span:
                span.tell(_span_attributes(batch, event.message.partition))
                await self._publish_until_published(batch, event.message.partition)
            self._count(batch)
            if self._is_ours(event):
                event.ack()
                self._commit()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._fail(error)

    async def _publish_until_published(self, batch: PricedBatch, partition: int) -> None:
        producer = self._producer
        while not await self._try_publish(producer, batch, partition):
            stream_metrics.RETRIES.labels(metrics.STAGE).inc()
            producer = await self._renew_producer(producer)

    async def _try_publish(
        self, producer: AIOKafkaProducer, batch: PricedBatch, partition: int
    ) -> bool:
        try:
            futures = []
            for topic, messages in ((PRICED, batch.priced), (REJECTED, batch.rejected)):
                if messages:
                    there = len(await producer.partitions_for(topic))
                    futures += await publish(producer, topic, partition % there, messages)
            for answer in await asyncio.gather(*futures, return_exceptions=True):
                if isinstance(answer, BaseException):
                    raise answer
            self._health.clock = ""
            return True
        except InvalidTimestampError:
            self._health.clock = CLOCK_AHEAD
            stream_metrics.CLOCK_ERRORS.labels(metrics.STAGE).inc()
            log.error("publishing is tried again: %s", CLOCK_AHEAD)
            return False
        except KafkaError as error:
            log.warning("publishing is tried again: %r", error)
            return False

    async def _renew_producer(self, broken: AIOKafkaProducer) -> AIOKafkaProducer:
        """A new producer for all: after an error an idempotent producer may be unusable."""
        async with self._renewing:
            if self._producer is broken:
                await close_producer(broken)
                self._producer = await self._new_producer()
            return self._producer

    async def _new_producer(self) -> AIOKafkaProducer:
        while True:
            await asyncio.sleep(1)
            try:
                return await start_producer(self.settings.brokers)
            except KafkaError as error:
                log.warning("Kafka does not answer: %r", error)

    def _count(self, batch: PricedBatch) -> None:
        stage = metrics.STAGE
        refused = batch.reasons.total()
        for outcome, number in (*batch.outcomes.items(), ("refused", refused)):
            stream_metrics.EVENTS.labels(stage, outcome).inc(number)
        for code, number in batch.reasons.items():
            metrics.REFUSED.labels(code).inc(number)
        stream_metrics.BATCH_EVENTS.labels(stage).observe(batch.outcomes.total() + refused)
        metrics.RATES_REVISION.set(self.rates.book.revision)
        stream_metrics.LAST_COMMIT.labels(stage).set_to_current_time()

    def _commit(self) -> None:
        """Commit while the next batch is priced; one commit at a time is enough."""
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_quietly())

    async def _commit_quietly(self) -> None:
        try:
            await self._app.consumer.commit()
        except Exception as error:
            log.warning("commit is tried again with the next batch: %r", error)


def _span_attributes(batch: PricedBatch, partition: int) -> dict[str, str | int]:
    """The attributes of the batch's span."""
    refused = batch.reasons.total()
    return {
        "messaging.destination.partition.id": str(partition),
        "messaging.batch.message_count": batch.outcomes.total() + refused,
        "copq.refused": refused,
    }
