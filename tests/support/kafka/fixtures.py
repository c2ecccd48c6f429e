"""Kafka brokers for tests: one of the session, and one of the module that a test may break."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.support.kafka.broker import KafkaBroker

JARS = (Path(__file__).parents[3] / "build" / "kafka").resolve()
"""Without links: the archive of the classes knows each jar by its path."""

_FROZEN_AT_TIMES = {"broker.session.timeout.ms": "86400000"}
"""Else its controller fences it as it is thawed, and for a moment the cluster has no broker."""


@pytest.fixture(scope="session")
def kafka_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Not started yet."""
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"), JARS, _FROZEN_AT_TIMES)
    yield broker
    broker.kill()


@pytest.fixture(scope="module")
def kafka(kafka_of_session: KafkaBroker) -> Iterator[KafkaBroker]:
    """Shared: a test creates topics of its own and leaves the broker running.

    It is frozen until another module needs it: an idle broker takes a fiftieth of a processor.
    """
    kafka_of_session.start()
    if kafka_of_session.frozen:
        kafka_of_session.thaw()
    yield kafka_of_session
    kafka_of_session.freeze()


@pytest.fixture(scope="module")
def frail_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Not started yet, and maybe left broken by the test before."""
    broker = KafkaBroker(tmp_path_factory.mktemp("own-kafka"), JARS)
    yield broker
    broker.kill()


@pytest.fixture
def own_kafka(frail_kafka: KafkaBroker) -> Iterator[KafkaBroker]:
    """Running, without topics, and the test's alone: it may be stopped, killed or frozen."""
    if frail_kafka.running:
        asyncio.run(_remove_topics(frail_kafka.bootstrap))
    else:
        frail_kafka.lose_all()
        frail_kafka.start()
    yield frail_kafka
    if frail_kafka.frozen:
        frail_kafka.kill()


async def _remove_topics(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    while there := [name for name in await admin.list_topics() if not name.startswith("__")]:
        await admin.delete_topics(there)
    await admin.close()
