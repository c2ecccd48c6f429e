"""Publish many messages at once: whole record batches instead of a task for each message."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

from copq.kafka.brokers import Brokers
from copq.kafka.closed_connections import expect_closed_connections
from copq.kafka.headers import Headers

Message = tuple[bytes | None, bytes, Headers]
"""Key, value and headers."""

_BATCH_BYTES = 960 * 1024
"""Just below a broker's default limit: each batch costs a round trip."""

LARGEST_MESSAGE = 1_000_000

CLOCK_AHEAD = (
    "Kafka refuses the time of its messages: the clock of this host is more than an hour ahead of "
    "the broker's. Correct the clock (chronyc makestep), or let the broker set the time: "
    "message.timestamp.type=LogAppendTime on the topics. See the runbook CopqClockAhead"
)
"""The remedy for an `InvalidTimestampError`."""


async def start_producer(brokers: Brokers, **settings: Any) -> AIOKafkaProducer:
    """A producer whose messages all replicas acknowledge and that never duplicates on a retry."""
    expect_closed_connections()
    producer = AIOKafkaProducer(
        **brokers.settings(), acks="all", enable_idempotence=True,
        max_batch_size=_BATCH_BYTES, max_request_size=LARGEST_MESSAGE, **settings,
    )  # fmt: skip
    await producer.start()
    return producer


async def publish(
    producer: AIOKafkaProducer, topic: str, partition: int, messages: Iterable[Message]
) -> list[asyncio.Future[Any]]:
    """Hand messages to the producer, in order; await the futures for the acknowledgements."""
    futures = []
    batch = producer.create_batch()
    for key, value, headers in messages:
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            batch.close()
            futures.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                raise ValueError(f"a message of {len(value)} bytes does not fit into a batch")
    if batch.record_count():
        batch.close()
        futures.append(await producer.send_batch(batch, topic, partition=partition))
    return futures
