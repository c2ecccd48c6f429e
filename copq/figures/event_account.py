"""All that stands behind an event's entries: its bytes, the rates, the formulas, who decided."""

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
    """How an event came: who sent it, and its place in `copq.priced-events` if it came by Kafka."""

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
        """SHA-256 of its bytes."""
        return None if self.payload is None else sha256(self.payload.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the rate book; `imported_by` is who approved its document.

    Without a document, which is to say before there were any, the rest is None. `alone`: who
    submitted it approved it, in one step.
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
    """A correction that has to do with the event."""

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
    """An entry, its formula, the rates it was priced by, and the entry that took it back.

    `rates` are the revisions of the rate book which brought the rates in `why.used`, each once.
    """

    entry: LedgerEntry
    why: Explained
    rates: list[Revision]
    taken_back_by: int | None

    @property
    def in_another_month(self) -> bool:
        """It is booked in another month than the one it belongs to, which was closed by then."""
        return self.entry.period != self.entry.day.replace(day=1)


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of an event id; `origin` is None where no one event is behind it."""

    event_id: str
    origin: Origin | None
    entries: list[AccountedEntry]
    corrections: list[Correction]


async def account(conn: Connection, books: Books, event_id: str) -> Account | None:
    """None where nothing of this id was ever kept. Of one snapshot, in the plant's own time."""
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
        found = [
            Correction(**row) for row in await conn.fetch(*_SQL.corrections_of(event_id=event_id))
        ]
        return Account(event_id, origin, entries, found)


async def is_kept(conn: Connection, event_id: str) -> bool:
    """Whether anything of this id was ever kept."""
    return await conn.fetchrow(*_SQL.origin(event_id=event_id)) is not None


def nothing_kept(event_id: str) -> str:
    return f'nothing is kept of "{event_id}"; see: copq entries, copq rejected list'


_TIMES = ("occurred_at", "booked_at", "hour")
T = TypeVar("T", Origin, LedgerEntry)


def _in_zone(of: T, zone: tzinfo, *names: str) -> T:
    return replace(of, **{name: getattr(of, name).astimezone(zone) for name in names})


async def _entries(conn: Connection, books: Books, event_id: str) -> list[AccountedEntry]:
    found = await _of_ledger(conn, event_id)
    pairs = await explain_entries(conn, books, found)
    versions = sorted({rate.version for _, why in pairs for rate in why.used})
    revisions = [Revision(**row) for row in await conn.fetch(*_SQL.revisions(versions=versions))]
    back: Mapping[int, int] = {e.reverses: e.entry_no for e in found if e.reverses is not None}
    return [
        AccountedEntry(entry, why, _of(why, revisions), back.get(entry.entry_no))
        for entry, why in pairs
    ]


def _of(why: Explained, revisions: list[Revision]) -> list[Revision]:
    versions = {rate.version for rate in why.used}
    return [revision for revision in revisions if revision.revision in versions]


async def _of_ledger(conn: Connection, event_id: str) -> list[LedgerEntry]:
    """In the order in which they were booked."""
    now: datetime = await conn.fetchval("select now()")
    span = await span_of(conn, event_id)
    if span is None:
        return []
    asked = EntryFilter(since=span[0], until=span[1] + timedelta(hours=1), event_id=event_id)
    pages = [page.entries async for page in all_entries(conn, asked, now)]
    return sorted((e for page in pages for e in page), key=lambda entry: entry.entry_no)
