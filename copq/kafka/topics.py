"""The topics and their creation."""

import logging
from functools import lru_cache

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from copq.kafka.brokers import Brokers

EVENTS = "quality.events"
PRICED = "copq.priced-events"
REJECTED = "quality.events.rejected"

PARTITIONS = 8
"""Enough for eight workers in each stage. The lines of a plant spread over the partitions."""

SETTINGS = {"message.timestamp.type": "LogAppendTime"}
"""The broker sets the time of a message, since it refuses messages of a host whose clock is an hour
ahead. The event itself has the time when it occurred."""

METADATA_MS = 5_000
"""How often a consumer looks for new topics and partitions."""

log = logging.getLogger(__name__)


@lru_cache(maxsize=10_000)
def key_of(plant: str, line: str) -> bytes:
    """The key of a line: its events keep their order, and its rollups have one writer."""
    return f"{plant}/{line}".encode()


async def make_topics(brokers: Brokers, partitions: int = PARTITIONS, replication: int = 1) -> None:
    """Make the missing topics. Existing topics stay unchanged.

    Raises `aiokafka.errors.KafkaError` if the broker does not answer or refuses.
    """
    admin = AIOKafkaAdminClient(**brokers.settings())
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        for name in (EVENTS, PRICED, REJECTED):
            if name not in existing:
                await _make(admin, NewTopic(name, partitions, replication, topic_configs=SETTINGS))
    finally:
        await admin.close()


async def cluster_id(brokers: Brokers) -> str:
    """The id of the cluster; a cluster that is made again has another id. Raises `KafkaError`."""
    admin = AIOKafkaAdminClient(**brokers.settings())
    try:
        await admin.start()
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


async def _make(admin: AIOKafkaAdminClient, topic: NewTopic) -> None:
    try:
        answer = await admin.create_topics([topic])
    except TopicAlreadyExistsError:
        return
    for name, code, *message in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise RuntimeError(f"cannot make topic {name}: error {code} {message}")
    log.info("made topic %s with %d partitions", topic.name, topic.num_partitions)
