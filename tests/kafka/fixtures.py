"""Kafka brokers for tests: one shared by the session, and one a test may break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.broker import KafkaBroker

JARS = (Path(__file__).parents[2] / "build" / "kafka").resolve()
"""Without links: the archive of the classes knows each jar by its path."""


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Shared: a test creates topics of its own and leaves the broker running."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka"), JARS) as broker:
        yield broker


@pytest.fixture
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Running, and the test's alone: it may be stopped, killed or frozen."""
    broker = KafkaBroker(tmp_path_factory.mktemp("own-kafka"), JARS)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
