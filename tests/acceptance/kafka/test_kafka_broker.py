"""The test broker behaves as a Kafka that tests may trust, break and bring back."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.support.kafka.broker import BrokerError, KafkaBroker
from tests.support.kafka.fixtures import JARS
from tests.support.kafka.settings import LARGEST_MESSAGE
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.kafka

HOSTILE = 12 * 1024 * 1024


async def create_topic(broker: KafkaBroker) -> str:
    name = f"parts-{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    return name


async def publish(broker: KafkaBroker, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", max_request_size=LARGEST_MESSAGE
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def consume(broker: KafkaBroker, topic: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id=f"group-{uuid4().hex}",
        auto_offset_reset="earliest",
    ) as consumer:
        return [(await asyncio.wait_for(consumer.getone(), 30)).value for _ in range(count)]


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # An orphan nobody has reaped yet is still listed, as a zombie.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")


async def test_messages_come_back_in_order(kafka: KafkaBroker) -> None:
    topic = await create_topic(kafka)
    await publish(kafka, topic, b"one", b"two", b"three")
    assert await consume(kafka, topic, 3) == [b"one", b"two", b"three"]


async def test_a_hostile_payload_gets_through(kafka: KafkaBroker) -> None:
    topic = await create_topic(kafka)
    await publish(kafka, topic, bytes(HOSTILE), b"next")
    assert [len(value) for value in await consume(kafka, topic, 2)] == [HOSTILE, 4]


async def test_data_survives_a_kill_and_the_address_stays(own_kafka: KafkaBroker) -> None:
    topic = await create_topic(own_kafka)
    await publish(own_kafka, topic, b"before")
    own_kafka.kill()
    await asyncio.to_thread(own_kafka.start)
    await publish(own_kafka, topic, b"after")
    assert await consume(own_kafka, topic, 2) == [b"before", b"after"]


async def test_a_producer_waits_out_a_frozen_broker(own_kafka: KafkaBroker) -> None:
    topic = await create_topic(own_kafka)
    own_kafka.freeze()
    sending = asyncio.create_task(publish(own_kafka, topic, b"late"))
    await asyncio.sleep(1)
    assert not sending.done()
    own_kafka.thaw()
    await sending
    assert await consume(own_kafka, topic, 1) == [b"late"]


def test_the_broker_dies_with_its_owner(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.support.kafka.broker import KafkaBroker\n"
        "broker = KafkaBroker(Path(sys.argv[1]), Path(sys.argv[2])); broker.start()\n"
        "print(broker.pid, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(JARS)]
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    deadline = time.monotonic() + PATIENCE_S
    while not has_ended(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_missing_jars_name_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="make kafka"):
        KafkaBroker(tmp_path, tmp_path / "nothing").start()


def test_a_broker_that_does_not_come_up_shows_its_log(own_kafka: KafkaBroker) -> None:
    own_kafka.kill()
    settings = own_kafka.log.with_name("server.properties")
    right = settings.read_text()
    settings.write_text(right + "num.io.threads=none\n")
    with pytest.raises(BrokerError, match=r"num\.io\.threads"):
        own_kafka.start()
    settings.write_text(right)
