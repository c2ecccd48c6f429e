"""Book a batch whose rows are already copied, and move the fence, in one transaction."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from asyncpg import Connection

from copq.aggregator.fence import lock_fence, move_fence
from copq.aggregator.fenced_topic import FencedReader
from copq.aggregator.fetched_batch import Fetched
from copq.kafka.fence import Fence, advanced_fences
from copq.kafka.identity import origin_of
from copq.posting.booking import StaleRates
from copq.posting.id_conflicts import ids
from copq.posting.post import Posted, post_staged, restage
from copq.posting.rejected import keep_rejected
from copq.rates.store import current_revision
from copq.rates.watch import RateWatch
from copq.schemas.rejected import RejectedEvent


@dataclass(frozen=True, slots=True)
class BookedBatch:
    """The result of a batch: `fenced` is the number of its records below the fence, `unknown` the
    number of these that the ledger did not have."""

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

        Records below the fence are posted too. If they were booked, their ids are known and nothing
        changes. If they were not, they would otherwise be lost.
        """
        fences = await lock_fence(conn, self._reader.topic, fetched.records)
        self._reader.refuse_gap(fetched.first(), fetched.logs, fences)
        fetched, posted = await self._post_tx(conn, fetched)
        await keep_rejected(conn, fetched.broken + rejected_events(posted, fetched))
        moved = advanced_fences(fences, fetched.behind())
        await move_fence(conn, self._reader.topic, moved)
        return _booked_batch(posted, moved, fetched.below(fences))

    async def _post_tx(self, conn: Connection, fetched: Fetched) -> tuple[Fetched, Posted]:
        """The batch with the prices that it was posted with, and the result."""
        fetched = await self._at_known_rates_tx(conn, fetched)
        try:
            return fetched, await post_staged(conn, fetched.batch, self._rates.book)
        except StaleRates as stale:
            fetched = await self._price_again_tx(conn, fetched, stale.revision)
            return fetched, await post_staged(conn, fetched.batch, self._rates.book)

    async def _at_known_rates_tx(self, conn: Connection, fetched: Fetched) -> Fetched:
        """The batch, priced again if its revision of the rate book is unknown: another writer sent
        it, or the database has been restored since."""
        rates = fetched.batch.rates
        if rates <= self._rates.book.revision:
            return fetched
        known = await current_revision(conn)
        if rates > known:
            return await self._price_again_tx(conn, fetched, known)
        await self._rates.at_least(rates)
        return fetched

    async def _price_again_tx(self, conn: Connection, fetched: Fetched, revision: int) -> Fetched:
        """The batch at the rates in force, which stay in force until this transaction ends."""
        book = await self._rates.at_least(revision)
        again = await asyncio.to_thread(fetched.priced_with, book)
        await restage(conn, again.batch)
        return again


def rejected_events(posted: Posted, fetched: Fetched) -> list[RejectedEvent]:
    """The events to store as rejected, since their ids belong to other events."""
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
