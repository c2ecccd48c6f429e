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
    is_counted = event.event_type not in _UNCOUNTED
    is_graded = event.event_type == "complaint" and event.grades is not None
    # Every event passes here, and most of them end here.
    if event.function is None and not is_graded and not (is_counted and _has_counts(event)):
        return None
    grades = event.grades if is_graded else None
    return {
        **{name: getattr(event, name) for name in ("event_id", "occurred_at", "plant", "line")},
        "is_stop": event.event_type == "downtime", "function": event.function,
        **{name: getattr(event, name, 0) for name in COUNTS},
        **{aspect: getattr(grades, aspect, None) for aspect in ASPECTS},
    }  # fmt: skip


def _has_counts(event: Any) -> bool:
    return bool(event.interventions or event.wrong_routings or event.other_master_data)


async def add_problems(conn: Connection, rows: Sequence[Row]) -> None:
    """Store the rows of new events, in the transaction that stores the events."""
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        await conn.execute(*_SQL.add_problems(**columns))
