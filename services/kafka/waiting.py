"""Waiting for Kafka at the start of a service, as for Postgres: who is away comes back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import KafkaError

from services.kafka.brokers import Brokers
from services.kafka.topics import cluster_id, make_topics
from services.process.stopping import unless_stopped
from services.telemetry.health import Health

PAUSE_S = 1.0
T = TypeVar("T")

log = logging.getLogger(__name__)


async def wait_for_brokers(brokers: Brokers, stop: asyncio.Event, health: Health) -> bool:
    """Wait until a broker answers. False if `stop` was set first.

    A broker that refuses the login is waited for too: aiokafka reports it as one that is away.
    """
    health.missing = f"waits for Kafka at {brokers.addresses}"
    answered = _retried(brokers, lambda: cluster_id(brokers))
    return await unless_stopped(stop, answered) is not None


async def make_topics_when_brokers_answer(
    brokers: Brokers, partitions: int, replication: int, stop: asyncio.Event
) -> None:
    """Make the topics that are missing, however long it takes for the brokers to answer."""
    made = _retried(brokers, lambda: make_topics(brokers, partitions, replication))
    await unless_stopped(stop, made)


async def _retried(brokers: Brokers, ask: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await ask()
        except (KafkaError, OSError) as error:
            log.warning("Kafka at %s does not answer yet: %s", brokers.addresses, error)
            await asyncio.sleep(PAUSE_S)
