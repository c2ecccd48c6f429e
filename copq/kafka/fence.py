"""A fence: how far a partition is done, and in which log.

An offset alone does not identify a record: a topic may be deleted and made again, or a broker may
lose the end of a log or be restored, and other records then have the same offsets. So a fence has
the topic's id and the fingerprint of the last record before it. `place_in` compares them with the
current log.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from copq.kafka import metrics
from copq.kafka.identity import LogIdentity, fingerprint
from copq.kafka.log_reader import LogReader

log = logging.getLogger(__name__)


class Fence(NamedTuple):
    """The progress of one partition."""

    next_offset: int = 0
    """The next record to read."""
    log: LogIdentity = LogIdentity()
    fingerprint: str = ""
    """The fingerprint of the last record read; empty before the first."""


class Place(NamedTuple):
    """The offset at which to continue."""

    offset: int
    changed: str = ""
    """Why this is not the log that was read before; empty if it is."""
    deleted: bool = False
    """Whether records between the fence and this place were deleted unread."""


class LogState(NamedTuple):
    """The current state of a log."""

    log: LogIdentity
    start: int
    end: int
    fingerprint: str | None = None
    """The fingerprint of the record just before the fence; None if it does not exist."""


def fence_after(records: Sequence[ConsumerRecord], log: LogIdentity) -> Fence:
    """The fence after these records of a partition, in order; at least one."""
    return Fence(records[-1].offset + 1, log, fingerprint(records[-1]))


def advanced_fences(fences: Mapping[int, Fence], behind: Mapping[int, Fence]) -> dict[int, Fence]:
    """The fences `behind` a batch that are further than before: no fence moves back."""
    return {p: f for p, f in behind.items() if f.next_offset > fences[p].next_offset}


def place_in(seen: LogState, fence: Fence) -> Place:
    """The offset at which to continue: the fence, or the start if this is another log."""
    why = _why_changed(seen, fence)
    if why:
        return Place(seen.start, why)
    if fence.next_offset < seen.start:
        return Place(seen.start, deleted=fence.next_offset > 0)
    return Place(fence.next_offset)


def _why_changed(seen: LogState, fence: Fence) -> str:
    last = fence.next_offset - 1
    if last < 0:
        return ""
    if fence.log.topic_id and seen.log.topic_id and fence.log.topic_id != seen.log.topic_id:
        return "the topic was deleted and made again"
    if last >= seen.end:
        return f"the log ends at {seen.end}, before {fence.next_offset}"
    if fence.fingerprint and last >= seen.start and seen.fingerprint != fence.fingerprint:
        return f"another record lies at offset {last} now"
    return ""


async def fence_in(
    reader: LogReader, stage: str, tp: TopicPartition, fence: Fence, logs: Mapping[int, LogIdentity]
) -> Fence:
    """The fence at which a stage continues in the current log. Changed logs are logged and counted.

    Raises a `KafkaError` if the partition does not exist or its broker does not answer.
    """
    seen = await _look(reader, tp, fence, logs)
    place = place_in(seen, fence)
    _report(stage, tp, fence, place)
    known = fence.fingerprint if place.offset == fence.next_offset else ""
    return Fence(place.offset, seen.log, known)


async def _look(
    reader: LogReader, tp: TopicPartition, fence: Fence, logs: Mapping[int, LogIdentity]
) -> LogState:
    if tp.partition not in logs:
        raise KafkaError(f"{tp.topic} has no partition {tp.partition} for now")
    start, end = (await reader.bounds([tp]))[tp]
    at, last = None, fence.next_offset - 1
    if fence.fingerprint and start <= last < end:
        at = await reader.fingerprint_at(tp, last)
    return LogState(logs[tp.partition], start, end, at)


def _report(stage: str, tp: TopicPartition, fence: Fence, place: Place) -> None:
    if place.changed:
        metrics.LOG_CHANGES.labels(stage, tp.topic).inc()
        log.error(
            "%s, partition %d: %s, so this is not the log that was read before, up to offset %d: "
            "reading it from its start, %d (events known by their id do not count again). See the "
            "runbook kafka-lost-data",
            tp.topic, tp.partition, place.changed, fence.next_offset, place.offset,
        )  # fmt: skip
    if place.deleted:
        deleted = place.offset - fence.next_offset
        metrics.DELETED.labels(stage, tp.topic).inc(deleted)
        log.error(
            "%s, partition %d begins at %d: the %d records from %d on were deleted unread. See the "
            "runbook kafka-lost-data",
            tp.topic, tp.partition, place.offset, deleted, fence.next_offset,
        )  # fmt: skip
