"""The fence in Postgres: it moves in the transaction that books the batch before it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from asyncpg import Connection

from services.database.sql_files import statement
from services.kafka.fence import Fence
from services.kafka.identity import LogIdentity

_MAKE_FENCE = statement(__file__, "make_fence")
_READ_FENCE = statement(__file__, "read_fence")
_LOCK_FENCE = statement(__file__, "lock_fence")
_MOVE_FENCE = statement(__file__, "move_fence")


class Gap(Exception):
    """A batch does not follow the fence, or is from another log: read again from the fence."""


async def make_fence(conn: Connection, topic: str, partitions: Collection[int]) -> dict[int, Fence]:
    """That of the partitions, locked; one that is seen for the first time starts at 0."""
    await conn.execute(_MAKE_FENCE, topic, sorted(partitions))
    return await lock_fence(conn, topic, partitions)


async def lock_fence(conn: Connection, topic: str, partitions: Collection[int]) -> dict[int, Fence]:
    """That of the partitions, held until the caller's transaction ends."""
    return _by_partition(await conn.fetch(_LOCK_FENCE, topic, sorted(partitions)))


async def read_fence(conn: Connection, topic: str) -> dict[int, Fence]:
    """That of all partitions of a topic, held by nobody."""
    return _by_partition(await conn.fetch(_READ_FENCE, topic))


async def move_fence(conn: Connection, topic: str, fences: Mapping[int, Fence]) -> None:
    """Move it, within the transaction that books what now lies below."""
    rows = [(p, fence.next_offset, *fence.log, fence.fingerprint) for p, fence in fences.items()]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
    await conn.execute(_MOVE_FENCE, topic, *columns)


def _by_partition(rows: Iterable[Mapping[str, Any]]) -> dict[int, Fence]:
    return {
        partition: Fence(offset, LogIdentity(topic_id, epoch), known)
        for partition, offset, topic_id, epoch, known in (tuple(row.values()) for row in rows)
    }
