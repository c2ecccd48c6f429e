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

COPQ, COQ = "copq", "coq"
CATEGORIES = (*map(str, Category), COPQ, COQ)
"""The categories that a question may name; `copq` means all kinds of failure, `coq` prevention and
appraisal too."""

CHUNK = 500
"""The number of entries read at once when all are requested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """An entry of the ledger, with money in `currency`.

    `payload` is None if several events may have caused it, or if a retention has dropped it:
    `dropped_at` and `dropped_by` then say when, and who ordered it.

    `reverses` is the number of the entry that a reversal reverses. A reversal has negated figures.
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
        """The lost time in hours, for display."""
        return hours_of(self.seconds)

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


class Place(NamedTuple):
    """The place of a page: it begins after this entry, among entries booked by `read_at`."""

    read_at: datetime
    occurred_at: datetime | None = None
    event_id: str | None = None
    entry_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """A filter of entries. None means any value; an empty product, stage, code, machine, shift,
    supplier or function means none. `attributes` is JSON of texts by name, an empty one means none.
    `group` is one of `grouping`, as on the day `grouped_on`; None:
    as on the production day of the entry.

    `period` is the month in which entries are booked. `first_reported` leaves out entries that were
    booked after the first closing of the month in which they occurred. `since` and `until` are
    instants, `first` and `last` production days; the later edge is exclusive.
    """

    since: datetime | None = None
    until: datetime | None = None
    first: date | None = None
    last: date | None = None
    plant: str | None = None
    line: str | None = None
    product: str | None = None
    group: str | None = None
    grouping: str | None = None
    grouped_on: date | None = None
    element: str | None = None
    categories: tuple[str, ...] | None = None
    stage: str | None = None
    defect_code: str | None = None
    work_unit: str | None = None
    shift: str | None = None
    supplier: str | None = None
    function: str | None = None
    attributes: str | None = None
    event_id: str | None = None
    hour: datetime | None = None
    day: date | None = None
    period: date | None = None
    first_reported: bool = False

    def parameters(self) -> dict[str, Any]:
        """The parameters of the section `entries_asked`, by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def categories(name: str | None) -> tuple[str, ...] | None:
    """The categories that a name of `CATEGORIES` stands for."""
    if name is None:
        return None
    together = {COPQ: FAILURES, COQ: (Category.PREVENTION, Category.APPRAISAL, *FAILURES)}
    return tuple(map(str, together.get(name, (name,))))


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first. `next` is the place of the next page, None at the end."""

    entries: list[LedgerEntry]
    next: Place | None


async def entries(conn: Connection, filters: EntryFilter, place: Place, limit: int) -> Page:
    """One page. Each entry is on exactly one page, whatever is booked in the meantime."""
    rows = await conn.fetch(
        *_SQL.entries(
            **filters.parameters(), after_time=place.occurred_at, after_id=place.event_id,
            after_no=place.entry_no, read_at=place.read_at, limit=limit + 1,
        )
    )  # fmt: skip
    page = [LedgerEntry.of(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(page, None)
    last = page[-1]
    return Page(page, Place(place.read_at, last.occurred_at, last.event_id, last.entry_no))


async def all_entries(
    conn: Connection, filters: EntryFilter, read_at: datetime
) -> AsyncIterator[Page]:
    """Every page, one after the other; memory holds only one."""
    place: Place | None = Place(read_at)
    while place is not None:
        page = await entries(conn, filters, place, CHUNK)
        yield page
        place = page.next


@dataclass(frozen=True, slots=True)
class Part:
    """The sum of the entries of one element in one currency.

    `entries` counts standing entries; `lines` also counts reversed entries and reversals.
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


async def parts(conn: Connection, filters: EntryFilter, read_at: datetime) -> list[Part]:
    """The sums of all pages, the most expensive element of each currency first."""
    rows = await conn.fetch(*_SQL.entries_total(**filters.parameters(), read_at=read_at))
    return [Part(**row) for row in rows]


async def span_of(conn: Connection, event_id: str) -> tuple[datetime, datetime] | None:
    """The instants between which an event's entries lie; None if the event is unknown."""
    row = await conn.fetchrow(*_SQL.entries_span(event_id=event_id))
    return (row["first"], row["last"]) if row else None
