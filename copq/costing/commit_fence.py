"""Fences in the commits of a group: the offset with the log that it belongs to, as metadata."""

from aiokafka.structs import OffsetAndMetadata

from copq.kafka.fence import Fence
from copq.kafka.identity import LogIdentity


def commit_of(fence: Fence) -> OffsetAndMetadata:
    """A fence as a commit for Kafka."""
    parts = (fence.log.topic_id, str(fence.log.leader_epoch), fence.fingerprint)
    return OffsetAndMetadata(fence.next_offset, ":".join(parts))


def fence_of(commit: OffsetAndMetadata) -> Fence:
    """The fence of a commit; the commits of other programs have an offset alone."""
    try:
        topic_id, epoch, known = commit.metadata.split(":")
        return Fence(commit.offset, LogIdentity(topic_id, int(epoch)), known)
    except ValueError:
        return Fence(commit.offset)
