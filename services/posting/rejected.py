"""Refused messages, kept with their bytes until they are fixed and replayed."""

import json

from asyncpg import Connection, Record

from schemas.rejected import RejectedEvent
from services.posting import queries


async def keep_rejected(conn: Connection, rejected: list[RejectedEvent]) -> None:
    """Keep them; a message that is kept already is not kept again."""
    await conn.executemany(
        queries.ADD_REJECTED, [_row(event) for event in sorted(rejected, key=_place)]
    )


async def list_rejected(
    conn: Connection, *, replayed: bool = False, ids: list[int] | None = None, limit: int = 100
) -> list[Record]:
    """Refused messages, the newest first; by default those that wait to be replayed."""
    rows: list[Record] = await conn.fetch(queries.LIST_REJECTED, replayed, ids, limit)
    return rows


async def mark_replayed(conn: Connection, ids: list[int]) -> None:
    """They were accepted on another try."""
    await conn.execute(queries.MARK_REPLAYED, ids)


def _place(event: RejectedEvent) -> tuple[str, int, int]:
    """In this order they are inserted: two workers that keep the same ones do not deadlock."""
    origin = event.origin
    return ("", 0, 0) if origin is None else (origin.topic, origin.partition, origin.offset)


def _row(event: RejectedEvent) -> tuple[object, ...]:
    origin = event.origin
    where: tuple[object, ...] = (None, None, None, None)
    if origin is not None:
        where = (_storable(origin.topic), origin.partition, origin.offset, origin.fingerprint)
    why = tuple(map(_storable, (event.code, event.field, event.message)))
    who = _storable(event.sent_by) if event.sent_by else None
    return (
        event.rejected_at, *where, *why, event.size, json.dumps(event.headers), who,
        event.payload,
    )  # fmt: skip


def _storable(text: str) -> str:
    """A reason may quote what it refuses, but Postgres keeps no NUL."""
    return text.replace("\x00", "\\0")
