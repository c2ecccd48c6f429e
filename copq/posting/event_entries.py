"""The entries of an event: which of them stand, and their reversals."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.posting.batch import Cause, known_row

_SQL = Queries.of(__file__)

Entry = Mapping[str, Any]
FIGURES = (
    "quantity",
    "gross",
    "recovered",
    "allowed",
    "net",
    "seconds",
    "base",
    "good",
    "ungraded",
)


def reversal(entry: Entry, number: int, cause: Cause) -> str:
    """The row that reverses an entry, at its booked figures."""
    figures = {name: -entry[name] for name in FIGURES}
    reversed_entry = {"entry_no": number, "reverses": entry["entry_no"], **cause._asdict()}
    return known_row({**entry, **figures, **reversed_entry})


def again(entry: Entry, number: int, cause: Cause) -> str:
    """The row that books an entry again, at its booked figures."""
    return known_row({**entry, "entry_no": number, "reverses": None, **cause._asdict()})


@dataclass(frozen=True)
class Account:
    """All entries of an event that was booked at once, in the order of their numbers."""

    entries: Sequence[Entry]

    @cached_property
    def standing_entries(self) -> list[Entry]:
        """The entries that no reversal has reversed."""
        taken_back = {e["reverses"] for e in self.entries}
        return [
            e for e in self.entries if e["reverses"] is None and e["entry_no"] not in taken_back
        ]

    def withdrawn(self, cause: Cause) -> list[str]:
        """The rows that reverse all standing entries."""
        return [reversal(e, n, cause) for n, e in enumerate(self.standing_entries, self.last + 1)]

    @property
    def last_stood(self) -> list[Entry]:
        """If no entry stands, the entries that were reversed last."""
        at = max((e["booked_at"] for e in self.entries if e["reverses"] is not None), default=None)
        numbers = {e["reverses"] for e in self.entries if e["booked_at"] == at}
        return [e for e in self.entries if e["entry_no"] in numbers]

    def restored(self, cause: Cause) -> list[str]:
        """The rows that book the last standing entries again, for an event whose bytes are gone."""
        return [again(e, n, cause) for n, e in enumerate(self.last_stood, self.last + 1)]

    @property
    def last(self) -> int:
        """The number of the last entry. The next entry gets the following number."""
        return max((int(e["entry_no"]) for e in self.entries), default=0)


async def accounts(conn: Connection, times: Mapping[str, datetime]) -> dict[str, Account]:
    """The entries of events, given when each occurred. Events without entries are left out."""
    rows = await conn.fetch(*_SQL.entries_of(ids=list(times), times=list(times.values())))
    entries: dict[str, list[Entry]] = defaultdict(list)
    for row in rows:
        entries[row["event_id"]].append(row)
    return {event_id: Account(found) for event_id, found in entries.items()}
