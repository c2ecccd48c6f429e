"""MQTT brokers for tests: one of the session, and one that a test may break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ingest.mqtt.broker import Mosquitto


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """Shared: a test uses client ids and topics of its own."""
    yield from _running(tmp_path_factory.mktemp("mosquitto"))


@pytest.fixture
def own_mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """The test's alone: it may be stopped or killed."""
    yield from _running(tmp_path / "mosquitto")


def _running(folder: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
