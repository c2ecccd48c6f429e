"""Rate books for reading figures: the newest, and the older ones that priced old entries."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection

from copq.rates.book import RateBook
from copq.rates.store import current_revision, load
from copq.standing_costs.store import StandingCost, standing_cost

KEPT = 32
"""The number of cached books. A book never changes; the least recently used one is dropped
first."""

KEPT_COSTS = 10_000
"""The number of cached versions of standing costs."""


class Books:
    """Rate books by revision. Safe to share: at worst, two readers load the same book twice."""

    def __init__(self) -> None:
        self._by_revision: OrderedDict[int, RateBook] = OrderedDict()
        self._standing_costs: dict[int, StandingCost | None] = {}

    async def newest(self, conn: Connection) -> RateBook:
        return await self.as_of(conn, await current_revision(conn))

    async def as_of(self, conn: Connection, revision: int) -> RateBook:
        """The rate book as it was when `revision` was the newest."""
        if revision not in self._by_revision:
            self._by_revision[revision] = await load(conn, revision)
        self._by_revision.move_to_end(revision)
        while len(self._by_revision) > KEPT:
            self._by_revision.popitem(last=False)
        return self._by_revision[revision]

    async def standing_cost(self, conn: Connection, number: int) -> StandingCost | None:
        """The version of a standing cost that has this number. It never changes either."""
        if self._standing_costs.get(number) is None:
            if len(self._standing_costs) >= KEPT_COSTS:
                self._standing_costs.clear()
            self._standing_costs[number] = await standing_cost(conn, number)
        return self._standing_costs[number]


@dataclass(frozen=True, slots=True)
class Reading:
    """The connection, rate book and instant of one answer, which is consistent in itself."""

    conn: Connection
    book: RateBook
    books: Books
    now: datetime
