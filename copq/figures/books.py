"""Rate books to read figures with: the newest, and those that old entries were priced by."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection

from copq.rates.book import RateBook
from copq.rates.store import current_revision, load

KEPT = 32
"""A book never changes, so it is kept; the one that was not asked for longest goes first."""


class Books:
    """Books by revision. Safe to share: two readers at worst load the same book twice."""

    def __init__(self) -> None:
        self._by_revision: OrderedDict[int, RateBook] = OrderedDict()

    async def newest(self, conn: Connection) -> RateBook:
        return await self.as_of(conn, await current_revision(conn))

    async def as_of(self, conn: Connection, revision: int) -> RateBook:
        """The book as it was when `revision` was the newest."""
        if revision not in self._by_revision:
            self._by_revision[revision] = await load(conn, revision)
        self._by_revision.move_to_end(revision)
        while len(self._by_revision) > KEPT:
            self._by_revision.popitem(last=False)
        return self._by_revision[revision]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one answer is made of: it is of one instant, and agrees with itself."""

    conn: Connection
    book: RateBook
    books: Books
    now: datetime
