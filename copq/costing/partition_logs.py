"""The current logs of a costing worker's partitions, and where to continue in them."""

from collections.abc import Collection, Mapping

from aiokafka.structs import TopicPartition
from faust.types import TP

from copq.costing import metrics
from copq.kafka.fence import Fence, fence_in
from copq.kafka.identity import LogIdentity
from copq.kafka.log_reader import LogReader

Logs = dict[TP, LogIdentity]


async def identify_logs(reader: LogReader, partitions: Collection[TP]) -> Logs:
    """The identities of all partitions of their topics. Raises a `KafkaError`."""
    return {
        TP(topic, partition): found
        for topic in {tp.topic for tp in partitions}
        for partition, found in (await reader.identities(topic)).items()
    }


async def fences_in(reader: LogReader, fences: Mapping[TP, Fence], logs: Logs) -> dict[TP, Fence]:
    """The fences, or the start of each log that differs from the committed one."""
    return {tp: await _fence_in(reader, tp, fence, logs) for tp, fence in fences.items()}


async def _fence_in(reader: LogReader, tp: TP, fence: Fence, logs: Logs) -> Fence:
    of_topic = {place.partition: log for place, log in logs.items() if place.topic == tp.topic}
    return await fence_in(reader, metrics.STAGE, TopicPartition(*tp), fence, of_topic)
