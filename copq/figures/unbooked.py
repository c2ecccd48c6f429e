"""Proof that every stored event is booked, or stored as the stop or correction that it reports."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.recomputing import ALL, MOST, Reach, event_in, rows_of
from copq.ledger.difference import Difference

_SQL = Queries.of(__file__)
_ROW = ("event_id", "event_type", "plant", "line", "occurred_at")
_STOP = (
    "plant", "line", "product", "work_unit", "defect_code", "shift", "started_at", "ended_at",
    "planned",
)  # fmt: skip
_CORRECTION = ("plant", "line", "corrects", "reason", "occurred_at")


async def unbooked(conn: Connection, reach: Reach = ALL) -> list[Difference]:
    """Events without their entries, and stops and corrections that differ from their bytes.

    Call it in a transaction: it reads that snapshot. At most `MOST` are returned.
    """
    differences: list[Difference] = []
    async for rows in rows_of(conn, *_SQL.verify_events(**reach.parameters)):
        for row in rows:
            differences += _of_event(row)
            if len(differences) >= MOST:
                return differences
    return differences


def _of_event(row: Record) -> Iterator[Difference]:
    event, fault = event_in(row["payload"])
    subject = {name: row[name] for name in _ROW}
    if fault or any(getattr(event, name) != row[name] for name in _ROW):
        said = fault or "those of another event"
        yield Difference("event", subject, {"bytes": "those of the event"}, {"bytes": said})
    elif row["is_unpriced"]:
        return
    elif row["event_type"] == "correction":
        yield from _unlike(subject, _CORRECTION, event, row["correction"], "correction")
    elif row["stop"] is not None:
        yield from _unlike(subject, _STOP, event, row["stop"], "stop")
    elif row["is_free"]:
        yield Difference("event", subject, {"booked": True}, {"booked": False})


def _unlike(
    subject: dict[str, Any], names: tuple[str, ...], event: Any, text: str | None, kind: str
) -> Iterator[Difference]:
    """The differences between a stored stop or correction and its event's bytes."""
    if text is None:
        yield Difference("event", subject, {kind: "stored"}, {kind: "missing"})
        return
    kept = json.loads(text)
    unlike = {
        name: (right, booked)
        for name in names
        if (right := getattr(event, name)) != (booked := _like(kept[name], right))
    }
    if unlike:
        sides = ({name: pair[side] for name, pair in unlike.items()} for side in (0, 1))
        yield Difference("event", subject, *sides)


def _like(value: Any, example: Any) -> Any:
    """The text of an instant in JSON, as an instant."""
    return datetime.fromisoformat(value) if value and isinstance(example, datetime) else value
