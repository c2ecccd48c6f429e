"""What is booked is booked at the rates in force, in a period that is open.

A batch holds `copq.booking` shared while it is booked; what changes the rules (a revision of the
rate book, the closing of a period) holds it alone. So no entry comes after such a change by the
rules from before it, however long its event was on its way.
"""

from asyncpg import Connection

from copq.database.queries import Queries
from copq.posting.batch import Batch
from copq.rates.book import RateBook
from copq.rates.store import current_revision

_SQL = Queries.of(__file__)


class StaleRates(Exception):
    """The batch was priced with an older book than the one in force: price it again."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"priced before revision {revision} of the rate book")
        self.revision = revision


async def lock_standing(conn: Connection) -> None:
    """Keep corrections from being applied until the transaction ends."""
    await conn.execute(*_SQL.lock_standing())


async def hold_booking(conn: Connection, batch: Batch, book: RateBook) -> None:
    """Keep the rules as they are until the transaction ends. Raises `StaleRates`."""
    await conn.execute(*_SQL.hold_booking())
    revision = await current_revision(conn)
    oldest = revision if batch.oldest is None else batch.oldest
    if min(book.revision, oldest) < revision:
        raise StaleRates(revision)
