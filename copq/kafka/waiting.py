"""Waiting for Kafka at the start of a service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import KafkaError
from tenacity import wait_fixed

from copq.kafka.brokers import Brokers
from copq.kafka.topics import cluster_id, make_topics
from copq.process.retry import keep_trying
from copq.process.stopping import unless_stopped
from copq.telemetry.health import Health

PAUSE_S = 1.0
T = TypeVar("T")

log = logging.getLogger(__name__)


async def wait_for_brokers(brokers: Brokers, stop: asyncio.Event, health: Health) -> bool:
    """Wait until a broker answers. False if `stop` was set first.

    It also waits while a broker refuses the login: aiokafka reports both in the same way.
    """
    health.missing = f"waits for Kafka at {brokers.addresses}"
    answered = _retry(brokers, lambda: cluster_id(brokers))
    return await unless_stopped(stop, answered) is not None


async def make_topics_when_brokers_answer(
    brokers: Brokers, partitions: int, replication: int, stop: asyncio.Event
) -> None:
    """Make the missing topics. Waits for the brokers as long as needed, or until `stop` is set."""
    made = _retry(brokers, lambda: make_topics(brokers, partitions, replication))
    await unless_stopped(stop, made)


async def _retry(brokers: Brokers, ask: Callable[[], Awaitable[T]]) -> T:
    def warn(error: BaseException, _: float) -> None:
        log.warning("Kafka at %s does not answer yet: %s", brokers.addresses, error)

    return await keep_trying(ask, (KafkaError, OSError), wait_fixed(PAUSE_S), warn)
