"""What events say next to their cost: whose problem it was, losses of control and of reputation.

It is kept in a narrow table, in the transaction that keeps the event. An event that says nothing
of the kind has no row and costs no query.
"""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.schemas.events import Grades

_SQL = Queries.of(__file__)
COUNTS = ("interventions", "wrong_routings", "other_master_data")
ASPECTS = tuple(Grades.model_fields)
_UNCOUNTED = frozenset({"production", "inspection", "prevention", "correction"})
"""The event types that are not a failure, and have no counts."""

Row = dict[str, Any]


def problem_row(event: Any) -> Row | None:
    """The row of an event; None if the event says nothing of the kind."""
    counts = (0, 0, 0)
    if event.event_type not in _UNCOUNTED:
        counts = (event.interventions, event.wrong_routings, event.other_master_data)
    grades = event.grades if event.event_type == "complaint" else None
    if event.function is None and counts == (0, 0, 0) and grades is None:
        return None
    return {
        **{name: getattr(event, name) for name in ("event_id", "occurred_at", "plant", "line")},
        "is_stop": event.event_type == "downtime", "function": event.function,
        **dict(zip(COUNTS, counts, strict=True)),
        **{aspect: getattr(grades, aspect, None) for aspect in ASPECTS},
    }  # fmt: skip


async def add_problems(conn: Connection, rows: Sequence[Row]) -> None:
    """Store the rows of new events, in the transaction that stores the events."""
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        await conn.execute(*_SQL.add_problems(**columns))
