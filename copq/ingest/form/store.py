"""Stored entries of the form: for the receipt, for withdrawing, for correcting."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """`filled` by field, as it was typed; `events` as they were sent."""

    entry_id: str
    entered_by: str | None
    entered_at: datetime
    plant: str
    line: str
    product: str
    filled: dict[str, str]
    events: list[str]
    sent_at: datetime | None
    withdrawn_at: datetime | None


async def claim_entry(
    conn: Connection, entry_id: str, by: str | None, filled: dict[str, str], raws: list[bytes]
) -> StoredEntry:
    """Store an entry before its events are sent; return the stored one, which may be older.

    If two requests claim the same id at once, both get the first.
    """
    events = json.dumps([raw.decode() for raw in raws])
    await conn.execute(
        *_SQL.claim_entry(
            entry_id=entry_id, entered_by=by, plant=filled["plant"], line=filled["line"],
            product=filled["product"], filled=json.dumps(filled), events=events,
        )
    )  # fmt: skip
    kept = await entry(conn, entry_id, by)
    assert kept is not None, "the id is made of the sender's name"
    return kept


async def entry(conn: Connection, entry_id: str, by: str | None) -> StoredEntry | None:
    """The entry, if it is the sender's own."""
    row = await conn.fetchrow(*_SQL.entry(entry_id=entry_id, by=by))
    return _entry_of(row) if row else None


async def newest_entries(conn: Connection, by: str | None) -> list[StoredEntry]:
    """The sender's last few entries, newest first."""
    return [_entry_of(row) for row in await conn.fetch(*_SQL.newest_entries(by=by))]


async def mark_sent(conn: Connection, entry_id: str) -> None:
    """Record that the events of the entry are acknowledged."""
    await conn.execute(*_SQL.mark_sent(entry_id=entry_id))


async def mark_withdrawn(conn: Connection, entry_id: str) -> None:
    """Record that the corrections that void its events are acknowledged."""
    await conn.execute(*_SQL.mark_withdrawn(entry_id=entry_id))


def _entry_of(row: Any) -> StoredEntry:
    found = dict(row)
    return StoredEntry(**found | {name: json.loads(row[name]) for name in ("filled", "events")})
