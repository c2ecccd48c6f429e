"""Faust in batches, against a real broker: an offset is committed once its batch is done."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faust.types import TP

from copq.costing import batch_pricing
from copq.costing.app import make_app
from copq.costing.batch_consumer import BatchConsumer
from copq.costing.settings import CostingSettings
from copq.costing.stream import CostingStream
from copq.kafka.brokers import Brokers
from copq.kafka.headers import NONE
from copq.kafka.publish import publish, start_producer
from copq.kafka.topics import EVENTS, make_topics
from tests.support.kafka.broker import KafkaBroker
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.kafka

MESSAGES = 1_000
LARGE = bytes(2_000)
"""So large that some batches are fetched from each partition."""


class Reading:
    """An app that reads a topic and acknowledges the batches that `done` says are done."""

    def __init__(self, broker: KafkaBroker, topic: str, group: str, done: Callable[[Any], bool]):
        self.app = make_app(
            CostingSettings(Brokers(broker.bootstrap), "", group, session_timeout_s=3)
        )
        self.read: dict[int, list[int]] = defaultdict(list)
        self._done = done
        self.app.agent(self.app.topic(topic, value_type=bytes, value_serializer="raw"))(self._agent)

    async def _agent(self, stream: Any) -> None:
        async for event in stream.noack().events():
            self.read[event.message.partition] += [record.offset for record in event.value.records]
            if self._done(event.message):
                event.ack()

    async def __aenter__(self) -> "Reading":
        await self.app.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        consumer: Any = self.app.consumer
        await consumer.commit_all()
        await self.app.stop()

    async def has_read(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while sum(map(len, self.read.values())) < count:
                await asyncio.sleep(0.05)


@pytest.fixture
async def topic(kafka: KafkaBroker) -> str:
    """Two partitions with a thousand messages in each."""
    name = f"batches-{uuid4().hex}"
    async with _admin(kafka) as admin:
        await admin.create_topics([NewTopic(name, 2, 1)])
    await _send(kafka, name)
    return name


async def _send(kafka: KafkaBroker, topic: str, number: int = MESSAGES) -> None:
    producer = await start_producer(Brokers(kafka.bootstrap))
    for partition in (0, 1):
        messages = [(None, LARGE, NONE)] * number
        await asyncio.gather(*await publish(producer, topic, partition, messages))
    await producer.stop()


@asynccontextmanager
async def _admin(kafka: KafkaBroker) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    yield admin
    await admin.close()


async def committed(kafka: KafkaBroker, group: str) -> dict[int, int]:
    async with _admin(kafka) as admin:
        offsets = await admin.list_consumer_group_offsets(group)
    return {tp.partition: found.offset for tp, found in offsets.items()}


def new_group() -> str:
    return f"group-{uuid4().hex}"


async def test_every_message_is_read_once_and_in_order(kafka: KafkaBroker, topic: str) -> None:
    group = new_group()
    async with Reading(kafka, topic, group, lambda _: True) as reading:
        await reading.has_read(2 * MESSAGES)
    assert reading.read == {0: list(range(MESSAGES)), 1: list(range(MESSAGES))}
    assert await committed(kafka, group) == {0: MESSAGES, 1: MESSAGES}


async def test_a_group_without_offsets_commits_what_was_acknowledged_and_goes_on_from_there(
    kafka: KafkaBroker, topic: str
) -> None:
    group, first = new_group(), {0: True}

    def the_first_of_partition_0(message: Any) -> bool:
        return first.pop(message.partition, False)

    async with Reading(kafka, topic, group, the_first_of_partition_0) as reading:
        await reading.has_read(2 * MESSAGES)
    offsets = await committed(kafka, group)
    assert offsets.keys() == {0}
    assert 0 < offsets[0] < MESSAGES
    async with Reading(kafka, topic, group, lambda _: True) as again:
        await again.has_read(2 * MESSAGES - offsets[0])
    assert again.read == {0: list(range(offsets[0], MESSAGES)), 1: list(range(MESSAGES))}


async def test_a_group_with_offsets_goes_on_where_it_was(kafka: KafkaBroker, topic: str) -> None:
    group = new_group()
    async with Reading(kafka, topic, group, lambda _: True) as reading:
        await reading.has_read(2 * MESSAGES)
    await _send(kafka, topic)
    async with Reading(kafka, topic, group, lambda _: False) as unsuccessful:
        await unsuccessful.has_read(2 * MESSAGES)
    assert await committed(kafka, group) == {0: MESSAGES, 1: MESSAGES}
    async with Reading(kafka, topic, group, lambda _: True) as again:
        await again.has_read(2 * MESSAGES)
    assert again.read == unsuccessful.read
    assert again.read[0] == list(range(MESSAGES, 2 * MESSAGES))


async def test_a_partition_whose_first_batch_holds_one_message_goes_on_committing(
    kafka: KafkaBroker,
) -> None:
    topic, group = f"batches-{uuid4().hex}", new_group()
    async with _admin(kafka) as admin:
        await admin.create_topics([NewTopic(topic, 2, 1)])
    async with Reading(kafka, topic, group, lambda _: True) as reading:
        await _send(kafka, topic, 1)
        await reading.has_read(2)
        await _send(kafka, topic)
        await reading.has_read(2 + 2 * MESSAGES)
    assert await committed(kafka, group) == {0: MESSAGES + 1, 1: MESSAGES + 1}


async def test_a_topic_that_is_made_again_under_a_running_reader_is_read_from_its_start(
    kafka: KafkaBroker, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    group = new_group()
    async with Reading(kafka, topic, group, lambda _: True) as reading:
        await reading.has_read(2 * MESSAGES)
        async with _admin(kafka) as admin:
            await admin.delete_topics([topic])
            await asyncio.sleep(1)
            await admin.create_topics([NewTopic(topic, 2, 1)])
        reading.read.clear()
        await _send(kafka, topic, MESSAGES + 500)
        await reading.has_read(2 * (MESSAGES + 500))
    assert {p: sorted(set(offsets)) for p, offsets in reading.read.items()} == {
        p: list(range(MESSAGES + 500)) for p in (0, 1)
    }
    assert await committed(kafka, group) == {0: MESSAGES + 500, 1: MESSAGES + 500}


async def test_no_port_is_bound(kafka: KafkaBroker, topic: str) -> None:
    async with Reading(kafka, topic, new_group(), lambda _: True) as reading:
        await reading.has_read(1)
        bound = psutil.Process().net_connections(kind="inet")
        assert [c for c in bound if c.status == psutil.CONN_LISTEN] == []


async def test_when_the_work_of_the_stream_fails_it_ends_and_nothing_is_acknowledged(
    kafka: KafkaBroker, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_topics(Brokers(kafka.bootstrap))
    await _send(kafka, EVENTS)

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(batch_pricing, "price_records", fails)
    group = new_group()
    settings = CostingSettings(Brokers(kafka.bootstrap), database, group, session_timeout_s=3)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(PATIENCE_S):
            await CostingStream(settings, asyncio.Event()).run()
    assert await committed(kafka, group) == {}


def test_fausts_own_watch_over_commits_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    """It knows none of these commits, and would call each partition stuck after five minutes."""
    consumer = BatchConsumer.__new__(BatchConsumer)
    consumer.verify_event_path(1e9, TP("quality.events", 0))
    assert caplog.text == ""
