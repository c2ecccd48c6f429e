"""Events without a price are priced automatically once the rate book has a rate for them."""

from decimal import localcontext

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch, Cause
from copq.posting.booking import hold_booking
from copq.posting.post import post
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.schemas.decode import decode_strictly
from copq.schemas.priced import Outcome, encode

_SQL = Queries.of(__file__)

AT_ONCE = 2_000


async def settle(conn: Connection, book: RateBook, limit: int = AT_ONCE) -> int:
    """Try up to `limit` unpriced events with a newer book, and return the number tried.

    One transaction: events that now have a price are booked, the others wait for the next revision
    of the book. Several processes may settle at once. Raises `StaleRates` if `book` is no longer in
    force.
    """
    async with conn.transaction():
        if not await _hold(conn, book, limit):
            return 0
        rows = await conn.fetch(*_SQL.take_unpriced(revision=book.revision, limit=limit))
        batch = Batch()
        with localcontext(MONEY):
            for row in rows:
                raw = row["payload"].encode()
                cause = Cause(row["reason"], row["booked_by"], row["corrected_by"])
                message = encode(raw, price(decode_strictly(raw), book))
                batch.add(message, known=True, cause=cause, after=row["last"])
        await post(conn, batch, book)
        still = {event_id for event_id, s in batch.special.items() if s.outcome == Outcome.UNPRICED}
        await conn.execute(*_SQL.drop_unpriced(ids=list(batch.seen - still)))
    return len(rows)


async def _hold(conn: Connection, book: RateBook, limit: int) -> bool:
    """Take the locks of `post` before the events are locked. False if no event waits for a price.

    A batch with corrections locks posting exclusively, then waits for events that are being priced.
    So their pricing must not wait for the posting lock in the meantime.
    """
    with_corrections = await conn.fetchval(*_SQL.peek_unpriced(revision=book.revision, limit=limit))
    if with_corrections is None:
        return False
    await hold_booking(conn, Batch(), book)
    await conn.execute(*_SQL.lock_posting() if with_corrections else _SQL.share_posting())
    return True
