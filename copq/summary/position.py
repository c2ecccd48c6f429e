"""Up to where the summary holds: a number of transactions, which has no gaps.

The summary sums exactly the entries of the transactions before its horizon. The horizon is the
oldest transaction that was still writing, so no entry comes below it later, however long a
transaction takes and whatever the clock does. What is asked of the summary adds the entries of the
transactions from the horizon on, in the same snapshot.

Many entries are taken in by a round of steps, in the order in which they occurred. In the middle of
it the summary also has the entries of the transactions until the next horizon that occurred before
some moment; an answer leaves these out of what it adds.
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

    Those before `until` that occurred before `occurred_before` are; outside a round, `until` is the
    horizon. `declared` is JSON of the attributes of plants that it is by. `held_at` is None where
    the summary holds nothing.
    """

    horizon: int
    until: int
    occurred_before: datetime
    booked_since: datetime
    newest: int
    declared: str
    held_at: datetime | None

    @property
    def is_made(self) -> bool:
        """Whether the summary has ever been brought up to date, as it is declared now."""
        return self.horizon > 0

    def parameters(self) -> dict[str, Any]:
        """What a query needs to find the entries that are not in the summary."""
        return {
            "horizon": self.horizon, "until": self.until, "occurred_before": self.occurred_before,
            "booked_since": self.booked_since, "newest": self.newest,
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
        declared = await conn.fetchval(*_SQL.declared())
        return Position(0, 0, BEGINNING, BEGINNING, _FIRST_AGE, declared, None)
    return Position(**{name: row[name] for name in Position.__slots__})
