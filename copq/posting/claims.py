"""Events that a correction named before they arrived.

A correction claims the ids that it names in `event_key`. An event that arrives later therefore
looks like a duplicate. Only duplicates need a look-up: a batch without duplicates sends no query.
"""

from collections.abc import Collection
from dataclasses import dataclass

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Ids of events that have now arrived. `awaited` were not stored yet; `brought` were stored as
    replacements."""

    awaited: frozenset[str] = frozenset()
    brought: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.awaited | self.brought


async def has_claimed(conn: Connection, ids: Collection[str]) -> bool:
    """Whether a correction named one of these ids before its event arrived."""
    return bool(ids) and bool(await conn.fetchval(*_SQL.is_claimed(ids=list(ids))))


async def arrivals(conn: Connection, duplicates: Collection[str]) -> Arrivals:
    """The claimed ids among duplicates. Their claims end, and the awaited events may be posted."""
    ids = list(duplicates)
    if not await has_claimed(conn, ids):
        return Arrivals()
    rows = await conn.fetch(*_SQL.drop_claims(ids=ids))
    awaited = frozenset(row["event_id"] for row in rows if not row["stored"])
    await conn.execute(*_SQL.drop_keys(ids=list(awaited)))
    return Arrivals(awaited, frozenset(row["event_id"] for row in rows) - awaited)
