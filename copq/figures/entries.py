"""The ledger behind a figure: its entries, page by page, each with the event that caused it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.arithmetic import hours_of
from copq.schemas.priced import FAILURES, Category

_SQL = Queries.of(__file__)

COPQ = "copq"
CATEGORIES = (*map(str, Category), COPQ)
"""What a question may name; `copq` is all kinds of failure."""

CHUNK = 500
"""Entries read at once where all of them are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of the ledger. Money in `currency`; `payload` is None where no one event caused it.

    Or where a retention has dropped it: `dropped_at` and `dropped_by` say when, on whose word.

    A reversal (`reverses` is the entry that it takes back) carries the figures negated.
    """

    event_id: str
    entry_no: int
    reverses: int | None
    reason: str | None
    booked_by: str | None
    corrected_by: str | None
    occurred_at: datetime
    booked_at: datetime
    received_at: datetime | None
    event_type: str | None
    plant: str
    line: str
    product: str | None
    stage: str | None
    work_unit: str | None
    defect_code: str | None
    shift: str | None
    supplier: str | None
    element: str
    category: str
    quantity: Decimal
    gross: Decimal
    recovered: Decimal
    allowed: Decimal
    net: Decimal
    seconds: Decimal
    base: Decimal
    good: Decimal
    ungraded: Decimal
    currency: str
    rate_version: int
    labour_version: int | None
    line_version: int | None
    hour: datetime
    day: date
    period: date
    exchange_rate: Decimal | None
    reporting_currency: str | None
    exchange_version: int | None
    payload: str | None
    dropped_at: datetime | None = None
    dropped_by: str | None = None

    @property
    def hours(self) -> Decimal:
        """The time lost, to show it."""
        return hours_of(self.seconds)

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


class Place(NamedTuple):
    """Where a page begins: after this entry, of what was booked by `read_at`."""

    read_at: datetime
    occurred_at: datetime | None = None
    event_id: str | None = None
    entry_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries. None: whatever it is; an empty stage, code or machine: those without one.

    `period` is the month that entries are booked in; `first_reported` leaves out what was booked
    after the month that it is of was first closed. `since` and `until` are instants, `first` and
    `last` production days; the later edge is out.
    """

    since: datetime | None = None
    until: datetime | None = None
    first: date | None = None
    last: date | None = None
    plant: str | None = None
    line: str | None = None
    product: str | None = None
    element: str | None = None
    categories: tuple[str, ...] | None = None
    stage: str | None = None
    defect_code: str | None = None
    work_unit: str | None = None
    event_id: str | None = None
    hour: datetime | None = None
    day: date | None = None
    period: date | None = None
    first_reported: bool = False

    def parameters(self) -> dict[str, Any]:
        """Those of the part `entries_asked`, by their names."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def categories(name: str | None) -> tuple[str, ...] | None:
    """Those that a name of `CATEGORIES` means."""
    if name is None:
        return None
    return tuple(map(str, FAILURES)) if name == COPQ else (name,)


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `next` is the place of the page after it, None at the end."""

    entries: list[LedgerEntry]
    next: Place | None


async def entries(conn: Connection, asked: EntryFilter, place: Place, limit: int) -> Page:
    """One page. An entry that is there is on exactly one page, whatever is booked meanwhile."""
    rows = await conn.fetch(
        *_SQL.entries(
            **asked.parameters(), after_time=place.occurred_at, after_id=place.event_id,
            after_no=place.entry_no, read_at=place.read_at, limit=limit + 1,
        )
    )  # fmt: skip
    found = [LedgerEntry.of(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(found, None)
    last = found[-1]
    return Page(found, Place(place.read_at, last.occurred_at, last.event_id, last.entry_no))


async def all_entries(
    conn: Connection, asked: EntryFilter, read_at: datetime
) -> AsyncIterator[Page]:
    """Every page, one after the other: memory holds one."""
    place: Place | None = Place(read_at)
    while place is not None:
        page = await entries(conn, asked, place, CHUNK)
        yield page
        place = page.next


@dataclass(frozen=True, slots=True)
class Part:
    """What the entries of one element add up to, in one currency.

    `entries` are those that stand; `lines` counts what was taken back, and the taking back, too.
    """

    currency: str
    category: str
    element: str
    entries: int
    lines: int
    quantity: Decimal
    gross: Decimal
    recovered: Decimal
    allowed: Decimal
    net: Decimal
    seconds: Decimal
    base: Decimal


async def parts(conn: Connection, asked: EntryFilter, read_at: datetime) -> list[Part]:
    """What all pages add up to, the most expensive element of each currency first."""
    rows = await conn.fetch(*_SQL.entries_total(**asked.parameters(), read_at=read_at))
    return [Part(**row) for row in rows]


async def span_of(conn: Connection, event_id: str) -> tuple[datetime, datetime] | None:
    """The instants within which an event's entries lie; None where it is not known."""
    row = await conn.fetchrow(*_SQL.entries_span(event_id=event_id))
    return (row["first"], row["last"]) if row else None
