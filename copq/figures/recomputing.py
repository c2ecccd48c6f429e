"""Proof that the booked entries follow from the events' bytes: every entry is computed again."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.entries import LedgerEntry
from copq.figures.recompute import STOPS, Recomputed, differing, recompute
from copq.figures.used_rates import used_rates
from copq.ledger.difference import Difference
from copq.posting.problems import problem_row
from copq.schemas.decode import decode
from copq.schemas.events import Event
from copq.schemas.priced import STANDING_ELEMENTS
from copq.schemas.refusal import Refused

_SQL = Queries.of(__file__)
AT_ONCE = 2_000
MOST = 1_000
"""The number of differences that are listed; the others are only counted."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The entries to compute again: None means all.

    `sample` is a share of the events in percent; `seed` selects them.
    """

    plant: str | None = None
    month: date | None = None
    sample: float | None = None
    seed: int = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of `verify_entries` and `verify_events`, by name."""
        share = None if self.sample is None else round(self.sample * 100)
        return {"plant": self.plant, "month": self.month, "share": share, "seed": self.seed}


ALL = Reach()
Progress = Callable[[int], None]
"""Called with the number of entries that were computed again so far."""


async def recompute_entries(
    conn: Connection, reach: Reach = ALL, progress: Progress = lambda _: None
) -> list[Difference]:
    """Entries that do not follow from their event and rates. Memory holds a few thousand.

    Call it in a transaction: it reads that snapshot.
    """
    differences: list[Difference] = []
    left_out = seen = 0
    books = Books()
    progress(0)
    async for entries in _entries(conn, reach):
        for one in await _find_differences(conn, books, entries):
            if len(differences) < MOST:
                differences.append(one)
            else:
                left_out += 1
        seen += len(entries)
        progress(seen)
    if left_out:
        differences.append(Difference("entry", {"not listed": left_out}, {}, {}))
    return differences


async def rows_of(conn: Connection, sql: str, *parameters: Any) -> AsyncIterator[list[Record]]:
    """The rows of a query in chunks of some thousand, by a cursor of the caller's transaction."""
    cursor = await conn.cursor(sql, *parameters)
    while rows := await cursor.fetch(AT_ONCE):
        yield rows


async def _entries(conn: Connection, reach: Reach) -> AsyncIterator[list[LedgerEntry]]:
    """All entries. The entries of an event at one time stay in one chunk."""
    rest: list[LedgerEntry] = []
    async for rows in rows_of(conn, *_SQL.verify_entries(**reach.parameters)):
        entries = rest + [LedgerEntry.of(row) for row in rows]
        last = entries[-1].event_id
        cut = next((n for n in range(len(entries), 0, -1) if entries[n - 1].event_id != last), 0)
        rest = entries[cut:]
        if cut:
            yield entries[:cut]
    if rest:
        yield rest


async def _find_differences(
    conn: Connection, books: Books, entries: list[LedgerEntry]
) -> list[Difference]:
    newest = await books.newest(conn)
    said = await _problem_rows(conn, entries)
    differences: list[Difference] = []
    for _, group in groupby(entries, attrgetter("event_id")):
        own = list(group)
        event, fault = event_in(own[0].payload)
        if fault or _is_another(own[0], event):
            differences.append(_not_its_event(own[0], fault or f"those of {event.event_id}"))
            continue
        differences += _of_problem(own[0], event, said.get(own[0].event_id))
        computed: dict[int, Recomputed] = {}
        for entry in own:
            right = recompute(entry, event, await used_rates(conn, books, newest, entry))
            if right is not None:
                computed[entry.entry_no] = right
            differences += _of_entry(entry, right)
        differences += _number(own, computed)
    return differences


async def _problem_rows(conn: Connection, entries: list[LedgerEntry]) -> dict[str, Any]:
    """The stored rows of what the events say next to their cost, by id."""
    ids = list({entry.event_id for entry in entries})
    rows = await conn.fetch(*_SQL.verify_problems(ids=ids))
    return {row["event_id"]: dict(row) for row in rows}


def _of_problem(entry: LedgerEntry, event: Any, found: Any) -> Iterator[Difference]:
    """Function, losses of control and grades follow from the event, as its entries do."""
    expected = problem_row(event) if event is not None else found
    if expected == found:
        return
    names = [n for n in expected or found if (expected or {}).get(n) != (found or {}).get(n)]
    sides = [row and {name: row[name] for name in names} for row in (expected, found)]
    yield Difference("problem", _subject(entry) | {"entry_no": None}, *sides)


def event_in(payload: str | None) -> tuple[Any, str | None]:
    """The event of stored bytes, or else the fault of the bytes."""
    if payload is None:
        return None, None
    try:
        return decode(payload.encode()), None
    except Refused as refused:
        return None, f"bytes that are not an event: {refused}"


def _is_another(entry: LedgerEntry, event: Event | None) -> bool:
    return event is not None and event.event_id != entry.event_id


def _subject(entry: LedgerEntry) -> dict[str, Any]:
    names = ("event_id", "entry_no", "plant", "line", "day", "element")
    return {name: getattr(entry, name) for name in names}


def _not_its_event(entry: LedgerEntry, fault: str) -> Difference:
    return Difference("event", _subject(entry), {"bytes": "those of the event"}, {"bytes": fault})


def _of_entry(entry: LedgerEntry, right: Recomputed | None) -> Iterator[Difference]:
    if right is None:
        if entry.dropped_at is None:
            lacks = "event and rate" if entry.payload is None else "rate that prices the event"
            if entry.element in STANDING_ELEMENTS:
                lacks = "standing cost"
            yield Difference("entry", _subject(entry), {lacks: "stored"}, {lacks: "missing"})
        return
    unlike = list(differing(entry, right))
    if unlike:
        expected, found = ({name: values[side] for name, *values in unlike} for side in (0, 1))
        yield Difference("entry", _subject(entry), expected, found)


def _number(own: list[LedgerEntry], computed: dict[int, Recomputed]) -> Iterator[Difference]:
    """An event with a standing entry must have all of its entries, each once."""
    taken_back = {entry.reverses for entry in own}
    standing = [e for e in own if e.reverses is None and e.entry_no not in taken_back]
    own_elements = [e for e in standing if e.entry_no in computed and e.element not in STOPS]
    if not own_elements:
        return
    last = own_elements[-1]
    due = Counter(computed[last.entry_no].elements) or Counter([last.element])
    there = Counter(entry.element for entry in own_elements)
    for name in sorted(due.keys() | there.keys()):
        if due[name] != there[name]:
            subject = {**_subject(last), "entry_no": None, "element": name}
            yield Difference("entry", subject, {"entries": due[name]}, {"entries": there[name]})
