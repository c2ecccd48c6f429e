"""A batch that is copied already is booked, with the fence behind it, in one transaction."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from asyncpg import Connection

from copq.aggregator.fence import lock_fence, move_fence
from copq.aggregator.fenced_topic import FencedReader
from copq.aggregator.fetched_batch import Fetched
from copq.kafka.fence import Fence, advanced_fences
from copq.kafka.identity import origin_of
from copq.kafka.topics import PRICED
from copq.posting.booking import StaleRates
from copq.posting.id_conflicts import ids
from copq.posting.post import Posted, post_staged, restage
from copq.posting.rejected import keep_rejected
from copq.rates.store import current_revision
from copq.rates.watch import RateWatch
from copq.schemas.rejected import RejectedEvent


@dataclass(frozen=True, slots=True)
class BookedBatch:
    """What became of a batch: how many of its records lay below the fence, and how many of these
    the ledger did not have."""

    posted: Posted
    moved: dict[int, Fence]
    fenced: int = 0
    unknown: int = 0


class BatchBooking:
    """Books batches in transactions that the caller begins and commits."""

    def __init__(self, reader: FencedReader, rates: RateWatch) -> None:
        self._reader, self._rates = reader, rates

    async def book_tx(self, conn: Connection, fetched: Fetched) -> BookedBatch:
        """Book a staged batch in the open transaction of `conn`. Raises `Gap`.

        Records below the fence are posted as well: if they were booked, their ids are known and
        change nothing; if not, they would be lost otherwise.
        """
        fences = await lock_fence(conn, PRICED, fetched.records)
        self._reader.refuse_gap(fetched.first(), fetched.logs, fences)
        fetched, posted = await self._post_tx(conn, fetched)
        await keep_rejected(conn, fetched.broken + rejected_events(posted, fetched))
        moved = advanced_fences(fences, fetched.behind())
        await move_fence(conn, PRICED, moved)
        return _booked_batch(posted, moved, fetched.below(fences))

    async def _post_tx(self, conn: Connection, fetched: Fetched) -> tuple[Fetched, Posted]:
        """What was posted, and the batch with the prices that it was posted with."""
        fetched = await self._at_known_rates_tx(conn, fetched)
        try:
            return fetched, await post_staged(conn, fetched.batch, self._rates.book)
        except StaleRates as stale:
            fetched = await self._price_again_tx(conn, fetched, stale.revision)
            return fetched, await post_staged(conn, fetched.batch, self._rates.book)

    async def _at_known_rates_tx(self, conn: Connection, fetched: Fetched) -> Fetched:
        """The batch, priced again if nobody has imported its rates: another writer sent it, or
        the database was restored since."""
        rates = fetched.batch.rates
        if rates <= self._rates.book.revision:
            return fetched
        known = await current_revision(conn)
        if rates > known:
            return await self._price_again_tx(conn, fetched, known)
        await self._rates.at_least(rates)
        return fetched

    async def _price_again_tx(self, conn: Connection, fetched: Fetched, revision: int) -> Fetched:
        """The batch at the rates in force, which nobody changes until this transaction ends."""
        book = await self._rates.at_least(revision)
        again = await asyncio.to_thread(fetched.priced_with, book)
        await restage(conn, again.batch)
        return again


def rejected_events(posted: Posted, fetched: Fetched) -> list[RejectedEvent]:
    """The events whose ids belong to other events, to be kept."""
    now, places = datetime.now(UTC), {(t.partition, t.offset) for t in posted.taken}
    origins = {
        (record.partition, record.offset): origin_of(record)
        for record in (fetched.all() if places else ())
        if (record.partition, record.offset) in places
    }
    return [event.rejected(origins[event.partition, event.offset], now) for event in posted.taken]


def _booked_batch(posted: Posted, moved: dict[int, Fence], below: Fetched | None) -> BookedBatch:
    if below is None:
        return BookedBatch(posted, moved)
    unknown = below.batch.seen - posted.duplicates - ids(posted.taken)
    return BookedBatch(posted, moved, len(below), len(unknown))
