"""Corrections and their states."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.corrections import State

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class ListedCorrection:
    """A correction. `why` explains its state; `entries` are the entries that it caused, as
    `event#no`."""

    event_id: str
    corrects: str
    replacement: str | None
    occurred_at: datetime
    plant: str
    line: str
    reason: str
    booked_by: str | None
    state: str
    why: str | None
    applied_at: datetime | None
    entries: list[str]


async def list_corrections(
    conn: Connection,
    states: Collection[State] = tuple(State),
    limit: int | None = None,
    plant: str | None = None,
) -> list[ListedCorrection]:
    """The corrections of a plant, or of all, in one of `states`, the newest first."""
    rows = await conn.fetch(
        *_SQL.list_corrections(states=[str(state) for state in states], limit=limit, plant=plant)
    )
    return [ListedCorrection(**row) for row in rows]
