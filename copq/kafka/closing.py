"""Close Kafka's clients, whether the broker answers or not."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

PATIENCE_S = 3

log = logging.getLogger(__name__)


async def close_producer(producer: AIOKafkaProducer) -> None:
    """Send the pending messages, and close. Gives up after some seconds."""
    if not await _is_done(producer.stop()):
        log.warning("a producer is closed with unsent messages")
        # Otherwise it would try to send everything first, for ever.
        producer._sender.sender_task.cancel()
        await producer.client.close()


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Leave the group and close. A broker that does not answer notices the absence by itself."""
    if not await _is_done(consumer.stop()):
        log.warning("a consumer stopped without leaving its group")


async def _is_done(closing: Coroutine[Any, Any, None]) -> bool:
    """Whether the step succeeded. It runs in its own task, since aiokafka leaks its
    cancellations."""
    task = asyncio.create_task(closing)
    done, _ = await asyncio.wait([task], timeout=PATIENCE_S)
    task.cancel()
    return bool(done) and not task.cancelled() and task.exception() is None
