"""Fences in a group's commits: an offset, with its log as metadata."""

from aiokafka.structs import OffsetAndMetadata

from copq.kafka.fence import Fence
from copq.kafka.identity import LogIdentity


def commit_of(fence: Fence) -> OffsetAndMetadata:
    """A fence as a commit for Kafka."""
    parts = (fence.log.topic_id, str(fence.log.leader_epoch), fence.fingerprint)
    return OffsetAndMetadata(fence.next_offset, ":".join(parts))


def fence_of(commit: OffsetAndMetadata) -> Fence:
    """The fence of a commit. Commits of other programs have only an offset."""
    try:
        topic_id, epoch, known = commit.metadata.split(":")
        return Fence(commit.offset, LogIdentity(topic_id, int(epoch)), known)
    except ValueError:
        return Fence(commit.offset)
