"""Up to where the summary holds: a number of transactions, which has no gaps.

The summary sums exactly the entries of the transactions before its horizon. The horizon is the
oldest transaction that was still writing, so no entry comes below it later, however long a
transaction takes and whatever the clock does. What is asked of the summary adds the entries of the
transactions from the horizon on, in the same snapshot.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)

NOTHING_DECLARED = "{}"
"""JSON of no attributes."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_AGE = 2**32
"""Up to here the number of a transaction is what Postgres keeps with its rows."""


@dataclass(frozen=True, slots=True)
class Position:
    """The entries from `horizon` on are not in the summary; they were booked since `booked_since`.

    `declared` is JSON of the attributes of plants that it is by. `held_at` is None where the
    summary holds nothing.
    """

    horizon: int
    booked_since: datetime
    newest: int
    declared: str
    held_at: datetime | None

    def parameters(self) -> dict[str, Any]:
        """What a query needs to find the entries that are not in the summary."""
        return {
            "horizon": self.horizon, "booked_since": self.booked_since, "newest": self.newest,
        }  # fmt: skip

    def attributes(self, plant: str | None) -> set[str]:
        """The attributes that a plant declares, or any plant."""
        declared: dict[str, list[str]] = json.loads(self.declared)
        return {
            name for of, names in declared.items() if plant in (None, of) for name in names
        }  # fmt: skip


async def read_position(conn: Connection) -> Position:
    """The position in the snapshot of the caller's transaction."""
    row = await conn.fetchrow(*_SQL.position())
    if row is None:
        return Position(0, BEGINNING, _FIRST_AGE, await conn.fetchval(*_SQL.declared()), None)
    return Position(
        row["horizon"], row["booked_since"], row["newest"], row["declared"], row["held_at"]
    )
