"""The committed offsets of a group, or an error.

aiokafka 0.14 does not read the error of a whole answer. While a broker loads a group, every
partition seems to have no commit, and a worker would read its log again from the start.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import NoError, NotCoordinatorForGroupError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition


async def commits(
    consumer: AIOKafkaConsumer, places: Collection[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """The commits of the consumer's group at these places; places without a commit are left out.

    Raises a `KafkaError` if the group's broker does not answer or has not loaded the group yet.
    """
    coordinator: Any = consumer._coordinator
    by_topic = defaultdict(list)
    for place in places:
        by_topic[place.topic].append(place.partition)
    await coordinator.ensure_coordinator_known()
    answer = await coordinator._send_req(
        OffsetFetchRequest(coordinator.group_id, list(by_topic.items()))
    )
    try:
        return commits_in(answer)
    except NotCoordinatorForGroupError:
        coordinator.coordinator_dead()
        raise


def commits_in(answer: Any) -> dict[TopicPartition, OffsetAndMetadata]:
    """The commits of an answer to an `OffsetFetchRequest`."""
    _check(answer.error_code)
    committed = {}
    for topic, partitions in answer.topics:
        for partition, offset, metadata, error_code in partitions:
            _check(error_code)
            if offset >= 0:
                committed[TopicPartition(topic, partition)] = OffsetAndMetadata(offset, metadata)
    return committed


def _check(error_code: int) -> None:
    if (error := for_code(error_code)) is not NoError:
        raise error()
