"""The agent prices one batch of each partition while earlier batches are acknowledged.

No exception leaves the agent: Faust would acknowledge the batch. An error sets `failed`, and
nothing that was read afterwards is published or acknowledged.
"""

import asyncio
from typing import Any, Protocol

from copq.costing import metrics
from copq.costing.batch_pricing import BatchPricing
from copq.costing.batches import PricedBatch
from copq.costing.fetched_records import BatchEvent
from copq.costing.outcomes import count_batch, span_attributes
from copq.costing.publisher import Publisher
from copq.kafka import metrics as stream_metrics
from copq.kafka.topics import EVENTS
from copq.telemetry.spans import Span
from copq.telemetry.tracing import tracer


class Assigned(Protocol):
    """The facts that the agent needs about the consumer group; `Assignment` has them from Faust."""

    def holds(self, event: BatchEvent) -> bool: ...

    def commit_soon(self) -> None: ...


class CostingAgent:
    """Prices and publishes the batches of a stream. A batch is acknowledged once the broker has
    acknowledged all of its messages."""

    def __init__(
        self, pricing: BatchPricing, publisher: Publisher, assignment: Assigned, group: str,
        stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self._pricing, self._publisher, self._assignment = pricing, publisher, assignment
        self._group, self._stop = group, stop
        self._publishing: dict[int, asyncio.Task[None]] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def follow(self, stream: Any) -> None:
        """Faust's agent function."""
        async for event in stream.noack().events():
            try:
                await self.handle(event)
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                self._fail(error)

    async def finish(self, within_s: float) -> None:
        """Wait for the batches that are being published."""
        if self._publishing:
            await asyncio.wait(self._publishing.values(), timeout=within_s)

    def _fail(self, error: BaseException) -> None:
        """Stop the process."""
        self._stop.set()
        if not self.failed.done():
            self.failed.set_exception(error)

    def _is_wanted(self, event: BatchEvent) -> bool:
        return not self._stop.is_set() and self._assignment.holds(event)

    async def handle(self, event: BatchEvent) -> None:
        """Price a batch, and publish it while the next one is priced. Raises the error that ends
        the stream."""
        if not self._is_wanted(event):
            return
        message = event.message
        span = tracer().batch(EVENTS, self._group, event.value.records)
        with stream_metrics.BATCH_SECONDS.labels(metrics.STAGE).time():
            batch = self._pricing.price(event.value.records)
        self._pricing.check(batch, message.partition, message.offset)
        if message.partition in self._publishing:
            await self._publishing[message.partition]
        # The previous batch may have failed: Faust would commit it together with this one.
        if self._is_wanted(event):
            publishing = asyncio.create_task(self._publish(batch, event, span))
            self._publishing[message.partition] = publishing

    async def _publish(self, batch: PricedBatch, event: BatchEvent, span: Span) -> None:
        partition = event.message.partition
        try:
            with span:
                span.tell(span_attributes(batch, partition))
                await self._publisher.publish(batch, partition)
            count_batch(batch, self._pricing.revision)
            self._acknowledge(event)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._fail(error)

    def _acknowledge(self, event: BatchEvent) -> None:
        if self._assignment.holds(event):
            event.ack()
            self._assignment.commit_soon()
