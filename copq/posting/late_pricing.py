"""Events without a price are priced by themselves once the rate book has one for them."""

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
    """Price up to `limit` events that an older book had no price for; answer how many were tried.

    One transaction: what now has a price is booked, what still has none waits for the next
    revision of the book. Several processes may settle at once. Raises `StaleRates` where `book`
    is not in force any longer.
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
    """Hold what `post` holds, before the events are held; false where none waits for a price.

    A batch with corrections holds the posting alone, and then waits for events that are being
    priced: their pricing must not wait for the posting meanwhile.
    """
    with_corrections = await conn.fetchval(*_SQL.peek_unpriced(revision=book.revision, limit=limit))
    if with_corrections is None:
        return False
    await hold_booking(conn, Batch(), book)
    await conn.execute(*_SQL.lock_posting() if with_corrections else _SQL.share_posting())
    return True
