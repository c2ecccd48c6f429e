"""The fence in Postgres. The transaction that books a batch also moves the fence after it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.kafka.fence import Fence
from copq.kafka.identity import LogIdentity

_SQL = Queries.of(__file__)


class Gap(Exception):
    """A batch does not follow the fence, or is from another log: read again from the fence."""


async def make_fence(conn: Connection, topic: str, partitions: Collection[int]) -> dict[int, Fence]:
    """The fences of the partitions, locked. A new partition starts at offset 0."""
    await conn.execute(*_SQL.make_fence(topic=topic, partitions=sorted(partitions)))
    return await lock_fence(conn, topic, partitions)


async def lock_fence(conn: Connection, topic: str, partitions: Collection[int]) -> dict[int, Fence]:
    """The fences of the partitions, locked until the caller's transaction ends."""
    return _by_partition(
        await conn.fetch(*_SQL.lock_fence(topic=topic, partitions=sorted(partitions)))
    )


async def read_fence(conn: Connection, topic: str) -> dict[int, Fence]:
    """The fences of all partitions of a topic, without a lock."""
    return _by_partition(await conn.fetch(*_SQL.read_fence(topic=topic)))


async def move_fence(conn: Connection, topic: str, fences: Mapping[int, Fence]) -> None:
    """Move the fences, in the transaction that books the records below them."""
    moved = fences.values()
    await conn.execute(
        *_SQL.move_fence(
            topic=topic,
            partitions=list(fences),
            next_offsets=[fence.next_offset for fence in moved],
            topic_ids=[fence.log.topic_id for fence in moved],
            leader_epochs=[fence.log.leader_epoch for fence in moved],
            fingerprints=[fence.fingerprint for fence in moved],
        )
    )


def _by_partition(rows: Iterable[Mapping[str, Any]]) -> dict[int, Fence]:
    return {
        partition: Fence(offset, LogIdentity(topic_id, epoch), known)
        for partition, offset, topic_id, epoch, known in (tuple(row.values()) for row in rows)
    }
