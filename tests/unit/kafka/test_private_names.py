"""Names of Faust, mode and aiokafka that are private and used here: each exists, and does what the
code relies on. ADR 40 lists the tests that guard the other private names."""

import asyncio
import inspect
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.protocol.metadata import MetadataResponse_v0
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.consumer import ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from mode.threads import ServiceThread, WorkerThread

from copq.costing.batch_consumer import BatchConsumer, BatchTransport
from copq.costing.consumer_thread import FenceThread
from copq.kafka import closing
from copq.kafka.brokers import Brokers
from copq.kafka.closing import close_producer
from copq.kafka.identity import LogIdentity
from copq.kafka.log_reader import LogReader

OURS = {"commit_all", "_seek_all", "_is_as_before", "committed", "_committed"}


def overridden(ours: type, theirs: type) -> list[Any]:
    names = [n for n, found in vars(ours).items() if inspect.isfunction(found) and n not in OURS]
    return [pytest.param(ours, theirs, name, id=name) for name in names]


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [*overridden(BatchConsumer, Consumer), *overridden(FenceThread, AIOKafkaConsumerThread)],
)
def test_what_overrides_faust_has_its_name_and_its_parameters(
    ours: type, theirs: type, name: str
) -> None:
    assert hasattr(theirs, name), f"Faust has no {name} any more: nobody calls ours"
    if name != "__init__":
        mine, other = (inspect.signature(getattr(owner, name)) for owner in (ours, theirs))
        assert len(mine.parameters) == len(other.parameters)


def test_faust_makes_its_parts_of_the_classes_that_we_give_it() -> None:
    assert Transport.Consumer is Consumer
    assert BatchTransport.Consumer is BatchConsumer
    assert issubclass(AIOKafkaConsumerThread.Worker, WorkerThread)
    assert issubclass(FenceThread, ServiceThread)
    source = inspect.getsource(ThreadDelegateConsumer)
    assert "self._new_consumer_thread()" in source
    assert "self._thread" in source


def test_faust_keeps_unacknowledged_messages_in_a_set_of_its_consumer() -> None:
    source = inspect.getsource(FaustConsumer)
    assert "self._unacked_messages = " in source
    assert "self._unacked_messages.add(" in source


async def test_a_producer_that_cannot_send_is_closed_without_its_messages(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(closing, "PATIENCE_S", 0.01)
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    sending = producer._sender._sender_task = asyncio.create_task(asyncio.sleep(60))
    monkeypatch.setattr(producer, "stop", lambda: asyncio.sleep(60))
    await close_producer(producer)
    await asyncio.wait([sending], timeout=1)
    assert sending.cancelled()
    assert "unsent messages" in caplog.text
    producer._closed = True  # Else it complains when it is collected.


async def test_brokers_without_topic_ids_are_asked_for_the_partitions_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    partitions = [(0, number, 1, [1], [1]) for number in (0, 1)]
    known = MetadataResponse_v0([(1, "127.0.0.1", 1)], [(0, "events", partitions)])
    consumer._client.cluster.update_metadata(known)

    async def old_broker(*_: Any) -> None:
        raise NotImplementedError

    monkeypatch.setattr(consumer._client, "send", old_broker)
    reader = LogReader(Brokers("127.0.0.1:1"))
    reader._consumer = consumer
    assert await reader.identities("events") == {0: LogIdentity(), 1: LogIdentity()}
    assert "these brokers give topics no ids" in caplog.text
    consumer._closed = True
