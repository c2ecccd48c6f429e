"""Events that corrections named before they came by themselves.

A correction claims the ids it names in `event_key`. So an event that comes later looks like a
duplicate, and only duplicates need to be looked at: a batch without any asks nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Ids that have come by themselves: `awaited` were not stored, `brought` as replacements."""

    awaited: frozenset[str] = frozenset()
    brought: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.awaited | self.brought


async def has_claimed(conn: Connection, ids: Collection[str]) -> bool:
    """Whether a correction has named one of these ids before its event came."""
    return bool(ids) and bool(await conn.fetchval(*_SQL.is_claimed(ids=list(ids))))


async def arrivals(conn: Connection, duplicates: Collection[str]) -> Arrivals:
    """Those among duplicates that are none; their claims end, and the awaited may be posted."""
    ids = list(duplicates)
    if not await has_claimed(conn, ids):
        return Arrivals()
    rows = await conn.fetch(*_SQL.drop_claims(ids=ids))
    awaited = frozenset(row["event_id"] for row in rows if not row["stored"])
    await conn.execute(*_SQL.drop_keys(ids=list(awaited)))
    return Arrivals(awaited, frozenset(row["event_id"] for row in rows) - awaited)
