"""The full account of an event: its bytes, entries, rates, formulas and the people who decided."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256
from typing import TypeVar

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.entries import EntryFilter, LedgerEntry, all_entries, span_of
from copq.figures.explain import Explained
from copq.figures.explaining import explain_entries
from copq.figures.report import zone_of

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of an event: its sender, and its place in `copq.priced-events` if Kafka
    brought it."""

    event_type: str
    occurred_at: datetime
    received_at: datetime
    plant: str
    line: str
    sent_by: str | None
    origin_partition: int | None
    origin_offset: int | None
    payload: str | None
    unpriced: str | None

    @property
    def digest(self) -> str | None:
        """SHA-256 of the event's bytes."""
        return None if self.payload is None else sha256(self.payload.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the rate book; `imported_by` is the approver of its document.

    Without a document, as in old revisions, the other fields are None. `alone` means that one
    person submitted and approved it in one step.
    """

    revision: int
    imported_at: datetime
    imported_by: str
    source: str
    document: int | None
    submitted_at: datetime | None
    submitted_by: str | None
    submitted_why: str | None
    decided_why: str | None
    alone: bool | None


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction that concerns the event."""

    event_id: str
    corrects: str
    replacement: str | None
    occurred_at: datetime
    reason: str
    booked_by: str | None
    state: str
    why: str | None


@dataclass(frozen=True, slots=True)
class AccountedEntry:
    """An entry, its formula, the rates that priced it, and the entry that reversed it.

    `rates` are the revisions that brought the rates of `why.used`, each once.
    """

    entry: LedgerEntry
    why: Explained
    rates: list[Revision]
    taken_back_by: int | None

    @property
    def in_another_month(self) -> bool:
        """Whether it is booked in another month than its own, which was closed by then."""
        return self.entry.period != self.entry.day.replace(day=1)


@dataclass(frozen=True, slots=True)
class Account:
    """The facts about an event id; `origin` is None if no single event has the id."""

    event_id: str
    origin: Origin | None
    entries: list[AccountedEntry]
    corrections: list[Correction]


async def account(conn: Connection, books: Books, event_id: str) -> Account | None:
    """The account of an event id, in the plant's own time; None for an unknown id. One snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        row = await conn.fetchrow(*_SQL.origin(event_id=event_id))
        if row is None:
            return None
        origin = Origin(**row) if row["event_type"] else None
        entries = await _entries(conn, books, event_id)
        plant = origin.plant if origin else next((e.entry.plant for e in entries), None)
        zone = zone_of(await books.newest(conn), plant)
        origin = origin and _in_zone(origin, zone, "occurred_at", "received_at")
        entries = [replace(e, entry=_in_zone(e.entry, zone, *_TIMES)) for e in entries]
        corrections = [
            Correction(**row) for row in await conn.fetch(*_SQL.corrections_of(event_id=event_id))
        ]
        return Account(event_id, origin, entries, corrections)


async def is_kept(conn: Connection, event_id: str) -> bool:
    """Whether an event or a correction with this id was ever stored."""
    return await conn.fetchrow(*_SQL.origin(event_id=event_id)) is not None


def nothing_kept(event_id: str) -> str:
    return f'"{event_id}" is unknown; see: copq entries, copq rejected list'


_TIMES = ("occurred_at", "booked_at", "hour")
T = TypeVar("T", Origin, LedgerEntry)


def _in_zone(of: T, zone: tzinfo, *names: str) -> T:
    return replace(of, **{name: getattr(of, name).astimezone(zone) for name in names})


async def _entries(conn: Connection, books: Books, event_id: str) -> list[AccountedEntry]:
    ledger_entries = await _of_ledger(conn, event_id)
    pairs = await explain_entries(conn, books, ledger_entries)
    versions = sorted({rate.version for _, why in pairs for rate in why.used})
    revisions = [Revision(**row) for row in await conn.fetch(*_SQL.revisions(versions=versions))]
    back: Mapping[int, int] = {
        e.reverses: e.entry_no for e in ledger_entries if e.reverses is not None
    }
    return [
        AccountedEntry(entry, why, _of(why, revisions), back.get(entry.entry_no))
        for entry, why in pairs
    ]


def _of(why: Explained, revisions: list[Revision]) -> list[Revision]:
    versions = {rate.version for rate in why.used}
    return [revision for revision in revisions if revision.revision in versions]


async def _of_ledger(conn: Connection, event_id: str) -> list[LedgerEntry]:
    """The entries in the order of their booking."""
    now: datetime = await conn.fetchval("select now()")
    span = await span_of(conn, event_id)
    if span is None:
        return []
    filters = EntryFilter(since=span[0], until=span[1] + timedelta(hours=1), event_id=event_id)
    pages = [page.entries async for page in all_entries(conn, filters, now)]
    return sorted((e for page in pages for e in page), key=lambda entry: entry.entry_no)
