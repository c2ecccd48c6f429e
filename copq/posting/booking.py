"""Batches are booked at the rates in force and in an open period.

A batch holds the lock `copq.booking` in shared mode. A change of the rules (a revision of the rate
book, the closing of a period) holds it in exclusive mode. So no entry is booked by old rules after
they have changed, however late its event arrives.
"""

from asyncpg import Connection

from copq.database.queries import Queries
from copq.posting.batch import Batch
from copq.rates.book import RateBook
from copq.rates.store import current_revision

_SQL = Queries.of(__file__)


class StaleRates(Exception):
    """The batch was priced with an older rate book than the one in force. Price it again."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"priced before revision {revision} of the rate book")
        self.revision = revision


async def lock_standing(conn: Connection) -> None:
    """Keep corrections from being applied until the transaction ends."""
    await conn.execute(*_SQL.lock_standing())


async def hold_booking(conn: Connection, batch: Batch, book: RateBook) -> None:
    """Keep the rate book and the periods unchanged until the transaction ends.

    Raises `StaleRates` if the batch or `book` is older than the rate book in force.
    """
    await conn.execute(*_SQL.hold_booking())
    revision = await current_revision(conn)
    oldest = revision if batch.oldest is None else batch.oldest
    if min(book.revision, oldest) < revision:
        raise StaleRates(revision)
