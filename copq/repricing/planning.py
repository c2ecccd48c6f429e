"""The plan of a repricing: the same work, rolled back at the end."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext

from asyncpg import Connection

from copq.database.connections import DatabaseRole, connected
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch, Special
from copq.posting.booking import StaleRates, hold_booking
from copq.posting.stops import reprice_stops
from copq.pricing.price import Dispatch
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.repricing import runs
from copq.repricing.applying import SIZE, cause_of, prepare_connection
from copq.repricing.changes import Change, sum_changes
from copq.repricing.chunks import Chunk, Chunks, Position
from copq.repricing.filling import (
    bare,
    changes,
    fill_dispatches,
    fill_entries,
    fill_stops,
    recovered,
    stage,
)
from copq.repricing.reach import RepricingScope


@dataclass(slots=True)
class Plan:
    """What would change with this revision: of `seen` events so many would lose their price;
    `dropped` have no bytes any more, and keep what was booked."""

    revision: int
    total: int = 0
    seen: int = 0
    unpriced: int = 0
    dropped: int = 0
    changes: list[Change] = field(default_factory=list)


Watch = Callable[[Plan], None]


async def plan(dsn: str, asked: RepricingScope, watch: Watch, size: int = SIZE) -> Plan:
    """The changes that `apply` would make now. Locks are held for one chunk at a time."""
    role = DatabaseRole.AGGREGATOR
    async with connected(dsn, role) as reading, connected(dsn, role) as conn:
        await prepare_connection(conn)
        while True:
            book = await load(reading)
            reach = await runs.reach(reading, asked, book)
            found = Plan(book.revision)
            if reach is None:
                return found
            found.total, found.dropped = await runs.count_events(reading, reach)
            chunks = Chunks(reach, asked, book, size)
            with suppress(StaleRates):
                await _Planning(found, book, conn).of(chunks, reading, reach.starts_at, watch)
                return found


class _Planning:
    """Plans chunk by chunk; stops and dispatches last, since several chunks may concern them."""

    def __init__(self, plan: Plan, book: RateBook, conn: Connection) -> None:
        self._plan, self._book, self._conn = plan, book, conn
        self._cause = cause_of(book.revision, "")
        self._stops: dict[tuple[str, str], dict[str, Special]] = defaultdict(dict)
        self._dispatches: set[Dispatch] = set()
        self._recovered: dict[Dispatch, Decimal] = defaultdict(Decimal)

    async def of(self, chunks: Chunks, reading: Connection, start: datetime, watch: Watch) -> None:
        chunk = await chunks.after(reading, Position(start))
        while chunk is not None:
            await self._chunk(chunk)
            watch(self._plan)
            chunk = await chunks.after(reading, chunk.end)
        for stops in self._stops.values():
            await self._line(stops)
        async with self._trial():
            await fill_dispatches(
                self._conn, self._dispatches, self._recovered, self._book, self._cause
            )

    async def _chunk(self, chunk: Chunk) -> None:
        async with self._trial():
            await stage(self._conn, chunk)
            lost = await fill_entries(self._conn, chunk, self._cause)
            with localcontext(MONEY):
                for dispatch, more in (await recovered(self._conn)).items():
                    self._recovered[dispatch] += more
            stops = await reprice_stops(self._conn, chunk.stops) if chunk.stops else []
        self._dispatches |= chunk.dispatches
        for row in stops:
            event_id = row["event_id"]
            self._stops[row["plant"], row["line"]][event_id] = chunk.stops[event_id]
        self._plan.seen += chunk.seen
        self._plan.unpriced += len(lost) + len(bare(chunk, stops))

    async def _line(self, stops: dict[str, Special]) -> None:
        async with self._trial():
            changed = await reprice_stops(self._conn, stops)
            await fill_stops(self._conn, changed, self._book, self._cause)

    @asynccontextmanager
    async def _trial(self) -> AsyncIterator[None]:
        """A transaction that is rolled back; the plan keeps its changes."""
        transaction = self._conn.transaction()
        await transaction.start()
        try:
            await hold_booking(self._conn, Batch(), self._book)
            yield
            self._plan.changes = sum_changes([*self._plan.changes, *await changes(self._conn)])
        finally:
            await transaction.rollback()
