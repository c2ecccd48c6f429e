"""Waiting for Kafka at the start of a service, as for Postgres: who is away comes back."""

import asyncio
import logging
from contextlib import suppress

from aiokafka.errors import KafkaError

from services.health import Health
from services.kafka.brokers import Brokers
from services.kafka.topics import cluster_id, make_topics
from services.stopping import unless_stopped

PAUSE_S = 1.0

log = logging.getLogger(__name__)


async def wait_for_brokers(brokers: Brokers, stop: asyncio.Event, health: Health) -> bool:
    """Wait until a broker answers. False if `stop` was set first.

    A broker that refuses the login is waited for too: aiokafka reports it as one that is away.
    """
    health.missing = f"waits for Kafka at {brokers.addresses}"
    return await unless_stopped(stop, _answered(brokers)) is not None


async def _answered(brokers: Brokers) -> bool:
    while True:
        try:
            await cluster_id(brokers)
            return True
        except (KafkaError, OSError) as error:
            _warn(brokers, error)
            await asyncio.sleep(PAUSE_S)


async def make_topics_when_brokers_answer(
    brokers: Brokers, partitions: int, replication: int, stop: asyncio.Event
) -> None:
    """Make the topics that are missing, however long it takes for the brokers to answer."""
    while not stop.is_set():
        try:
            return await make_topics(brokers, partitions, replication)
        except (KafkaError, OSError) as error:
            _warn(brokers, error)
            await _pause(stop)


def _warn(brokers: Brokers, error: Exception) -> None:
    log.warning("Kafka at %s does not answer yet: %s", brokers.addresses, error)


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), PAUSE_S)
