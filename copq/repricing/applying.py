"""Repricing the ledger: chunk after chunk, each in a transaction of its own, while events arrive.

What comes behind a run's position is right already, since every batch is booked at the rates in
force. So a run goes once through the events there are, and is done.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import asyncpg
from asyncpg import Connection
from tenacity import RetryCallState

from copq.access.authority import Actor, sign
from copq.database.connections import DatabaseRole, connected
from copq.database.queries import Queries
from copq.posting.batch import Batch, Cause
from copq.posting.booking import StaleRates, hold_booking, lock_standing
from copq.posting.post import book_staged, prepare
from copq.posting.stops import reprice_stops
from copq.posting.unpriced_events import add_unpriced
from copq.process.retry import keep_trying
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.repricing import runs
from copq.repricing.chunks import Chunk, Chunks
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
from copq.repricing.runs import Run

_SQL = Queries.of(__file__)

SIZE = 4_000
"""Events of a chunk: a batch of the stream that needs the same rollups waits for one at most."""

_GIVES_WAY = (asyncpg.LockNotAvailableError, asyncpg.TransactionRollbackError)
_PATIENT_AFTER = 5

Watch = Callable[[Run], None]


def cause_of(revision: int, by: str) -> Cause:
    """The cause that the entries of a repricing have."""
    return Cause(f"repriced: rate book revision {revision}", by)


async def prepare_connection(conn: Connection) -> None:
    """Make a connection ready to reprice."""
    await prepare(conn)
    await conn.execute(*_SQL.create_repriced())
    # A plan for one chunk does not fit the next, since tables grow.
    await conn.execute("set plan_cache_mode = force_custom_plan")


async def apply(
    dsn: str, asked: RepricingScope, actor: Actor, why: str, watch: Watch, size: int = SIZE
) -> Run | None:
    """Reprice the events in scope; None if the price of no event can have changed.

    It continues an interrupted run, and starts again if rates change meanwhile. Several processes
    may run it at once, without any gain.
    """
    actor.require([(asked.plant, None)])
    role = DatabaseRole.AGGREGATOR
    async with connected(dsn, role) as reading, connected(dsn, role) as booking:
        await prepare_connection(booking)
        # What a crash of the server takes back it takes back with the position.
        await booking.execute("set synchronous_commit = off")
        while True:
            book = await load(reading)
            run = await _open_run(booking, asked, book, actor, why)
            if run is None:
                return None
            watch(run)
            with suppress(StaleRates):
                return await _Repricing(run, book, actor, size).to_its_end(reading, booking, watch)


async def _open_run(
    conn: Connection, asked: RepricingScope, book: RateBook, actor: Actor, why: str
) -> Run | None:
    async with conn.transaction():
        await sign(conn, actor, why)
        await conn.execute(*_SQL.lock_runs())
        await runs.supersede(conn, book.revision)
    # A transaction apart: a closing waits for the audit trail's writer, and the stream for it.
    async with conn.transaction():
        await sign(conn, actor, why)
        await conn.execute(*_SQL.lock_runs())
        found = await runs.find_interrupted(conn, asked, book.revision)
        if found is not None:
            return found
        reach = await runs.reach(conn, asked, book)
        if reach is None:
            return None
        return await runs.begin(conn, asked, reach, book.revision, actor.name, why)


class _Repricing:
    """One run in one process: the next chunk is read and priced while one is booked."""

    def __init__(self, run: Run, book: RateBook, actor: Actor, size: int) -> None:
        self._run, self._book, self._actor = run, book, actor
        self._chunks = Chunks(run.reach, run.asked, book, size)
        self._cause = cause_of(book.revision, actor.name)

    async def to_its_end(self, reading: Connection, booking: Connection, watch: Watch) -> Run:
        """Run to the end. Raises `StaleRates` if other rates are in force meanwhile."""
        run = self._run
        while run.state == "running":
            if await self._book_all(reading, booking, run, watch):
                await self._end(booking)
            run = await runs.read(booking, run.repricing_id)
            watch(run)
        if run.state == "superseded":
            raise StaleRates(run.revision)
        return run

    async def _book_all(
        self, reading: Connection, booking: Connection, run: Run, watch: Watch
    ) -> bool:
        """Book all chunks; False if another process has continued the run."""
        ahead = asyncio.create_task(self._chunks.after(reading, run.position))
        try:
            while (chunk := await ahead) is not None:
                ahead = asyncio.create_task(self._chunks.after(reading, chunk.end))
                if not await self._book_chunk(booking, chunk):
                    return False
                watch(await runs.read(booking, run.repricing_id))
            return True
        finally:
            ahead.cancel()
            with suppress(asyncio.CancelledError):
                await ahead

    async def _book_chunk(self, conn: Connection, chunk: Chunk) -> bool:
        """Book the chunk; others that wait for the same locks go first."""
        attempts = count()

        async def book() -> bool:
            return await self._book_once(conn, chunk, patient=next(attempts) >= _PATIENT_AFTER)

        return await keep_trying(book, _GIVES_WAY, _step_aside, lambda *_: None)

    async def _book_once(self, conn: Connection, chunk: Chunk, patient: bool) -> bool:
        async with conn.transaction():
            await sign(conn, self._actor, self._run.why)
            await stage(conn, chunk)
            if not patient:
                # Below Postgres's own second, after which it might end the stream's transaction.
                await conn.execute("set local lock_timeout = '500ms'")
            await hold_booking(conn, Batch(), self._book)
            await lock_standing(conn)
            if not await runs.lock(conn, self._run, chunk.start):
                return False
            await self._book_differences(conn, chunk)
        return True

    async def _book_differences(self, conn: Connection, chunk: Chunk) -> None:
        """Book the differences between the booked and the current cost of the chunk."""
        book, cause = self._book, self._cause
        lost = await fill_entries(conn, chunk, cause)
        if chunk.stops:
            changed = await reprice_stops(conn, chunk.stops)
            await fill_stops(conn, changed, book, cause)
            lost += bare(chunk, changed)
        if chunk.dispatches:
            more = await recovered(conn)
            await fill_dispatches(conn, chunk.dispatches, more, book, cause)
        await add_unpriced(conn, lost, book)
        found = await changes(conn)
        if found:
            await book_staged(conn)
        await runs.move(conn, self._run, chunk, len(lost), found)

    async def _end(self, conn: Connection) -> None:
        async with conn.transaction():
            await sign(conn, self._actor, self._run.why)
            await runs.end(conn, self._run)


def _step_aside(state: RetryCallState) -> float:
    """Longer with each attempt, and by chance, so that two runs do not meet again."""
    return random.uniform(0, 0.1) * state.attempt_number  # noqa: S311
