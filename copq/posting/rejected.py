"""Refused messages, stored with their bytes until they are fixed and replayed."""

import json

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.schemas.rejected import RejectedEvent

_SQL = Queries.of(__file__)


async def keep_rejected(conn: Connection, rejected: list[RejectedEvent]) -> None:
    """Store refused messages. A message that is already stored is not stored again."""
    rows = map(_row, sorted(rejected, key=_place))
    await conn.executemany(*_SQL.add_rejected.rows(rows))


async def list_rejected(
    conn: Connection, *, replayed: bool = False, ids: list[int] | None = None, limit: int = 100,
    before: int | None = None, sender: str | None = None,
) -> list[Record]:  # fmt: skip
    """Refused messages, the newest first; by default only those that can be replayed.

    Only those with an id less than `before`, and those that `sender` sent; None: all.
    """
    rows: list[Record] = await conn.fetch(
        *_SQL.list_rejected(replayed=replayed, ids=ids, limit=limit, before=before, sender=sender)
    )
    return rows


async def mark_replayed(conn: Connection, ids: list[int], by: str) -> None:
    """Mark messages as accepted on replay, and by whom they were sent again."""
    await conn.execute(*_SQL.mark_replayed(ids=ids, by=by))


def _place(event: RejectedEvent) -> tuple[str, int, int]:
    """The order of inserts, so that two workers that store the same messages never deadlock."""
    origin = event.origin
    return ("", 0, 0) if origin is None else (origin.topic, origin.partition, origin.offset)


def _row(event: RejectedEvent) -> dict[str, object]:
    origin = event.origin
    return {
        "rejected_at": event.rejected_at,
        "origin_topic": _storable(origin.topic) if origin else None,
        "origin_partition": origin.partition if origin else None,
        "origin_offset": origin.offset if origin else None,
        "origin_fingerprint": origin.fingerprint if origin else None,
        "code": _storable(event.code),
        "field": _storable(event.field),
        "message": _storable(event.message),
        "size": event.size,
        "headers": json.dumps(event.headers),
        "sent_by": _storable(event.sent_by) if event.sent_by else None,
        "payload": event.payload,
    }


def _storable(text: str) -> str:
    """Text that Postgres can store. A reason may quote a NUL, which Postgres refuses."""
    return text.replace("\x00", "\\0")
