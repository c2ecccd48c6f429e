"""Conflicts of ids: an event whose id belongs to another event is refused and stored.

An id belongs to the line whose event had it first. An event of another line with the same id is
another event. So is an event that another sender reports for another instant.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.schemas.refusal import Refusal, printable_name
from copq.schemas.rejected import Origin, RejectedEvent, rejected_event

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class IdConflict:
    """An event whose id belongs to another event, and why it is refused."""

    event_id: str
    payload: bytes
    sent_by: str | None
    partition: int | None
    offset: int | None
    refusal: Refusal

    def rejected(self, origin: Origin | None, at: datetime) -> RejectedEvent:
        """The event as a rejected event, with the place of its message."""
        return rejected_event(self.refusal, self.payload, at, origin, self.sent_by)


async def find_conflicts(
    conn: Connection, duplicates: Collection[str] | None = None
) -> list[IdConflict]:
    """The events of the staged batch that only look like duplicates; all, or those of these ids."""
    of = None if duplicates is None else list(duplicates)
    return [_conflict_of(row) for row in await conn.fetch(*_SQL.taken(ids=of))]


def _conflict_of(row: Record) -> IdConflict:
    return IdConflict(
        row["event_id"], row["payload"].encode(), row["sent_by"], row["origin_partition"],
        row["origin_offset"], id_taken(row["event_id"], row["of_another_line"]),
    )  # fmt: skip


def id_taken(event_id: str, of_another_line: bool) -> Refusal:
    """The refusal of an event whose id belongs to another event."""
    whose = (
        "an event of another line has this id"
        if of_another_line
        else "another sender has used it for an event at another time"
    )
    return Refusal(
        "id_taken",
        "event_id",
        f'event_id "{printable_name(event_id)}" is taken: {whose}; give the event an id that '
        "no other sender uses, such as one that begins with its plant and line",
    )


def ids(events: Iterable[IdConflict]) -> frozenset[str]:
    return frozenset(event.event_id for event in events)
