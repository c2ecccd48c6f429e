"""Stored entries of the form: for the receipt, for withdrawing, for correcting."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from services.database.sql_files import statement

_CLAIM_ENTRY = statement(__file__, "claim_entry")
_ENTRY = statement(__file__, "entry")
_NEWEST_ENTRIES = statement(__file__, "newest_entries")
_MARK_SENT = statement(__file__, "mark_sent")
_MARK_WITHDRAWN = statement(__file__, "mark_withdrawn")


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
    where = [filled[name] for name in ("plant", "line", "product")]
    events = json.dumps([raw.decode() for raw in raws])
    await conn.execute(_CLAIM_ENTRY, entry_id, by, *where, json.dumps(filled), events)
    kept = await entry(conn, entry_id, by)
    assert kept is not None, "the id is made of the sender's name"
    return kept


async def entry(conn: Connection, entry_id: str, by: str | None) -> StoredEntry | None:
    """The entry, if it is the sender's own."""
    row = await conn.fetchrow(_ENTRY, entry_id, by)
    return _entry_of(row) if row else None


async def newest_entries(conn: Connection, by: str | None) -> list[StoredEntry]:
    """The sender's last few entries, newest first."""
    return [_entry_of(row) for row in await conn.fetch(_NEWEST_ENTRIES, by)]


async def mark_sent(conn: Connection, entry_id: str) -> None:
    """Record that the events of the entry are acknowledged."""
    await conn.execute(_MARK_SENT, entry_id)


async def mark_withdrawn(conn: Connection, entry_id: str) -> None:
    """Record that the corrections that void its events are acknowledged."""
    await conn.execute(_MARK_WITHDRAWN, entry_id)


def _entry_of(row: Any) -> StoredEntry:
    found = dict(row)
    return StoredEntry(**found | {name: json.loads(row[name]) for name in ("filled", "events")})
