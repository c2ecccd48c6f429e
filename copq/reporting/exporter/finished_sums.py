"""Cached sums of finished buckets, which are read again only after some time.

They are most of the figures, and only late events change them.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from asyncpg import Connection

from copq.figures.folding import ALL
from copq.figures.sums import Key, Sums, summed_query

RENEW_S = 30.0
"""How long a late event may be missing from a finished bucket."""

Query = tuple[Any, ...]
T = TypeVar("T")


class FinishedSums:
    """Query results by query. They are shared, so callers must not change them."""

    def __init__(
        self, renew_s: float = RENEW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._anew_s, self._clock = renew_s, clock
        self._found: dict[Query, tuple[float, Any]] = {}
        self._asked: set[Query] = set()
        self.folding = ALL

    def begin(self) -> None:
        """Start a reading: forget the queries that the last reading did not use."""
        self._found = {query: self._found[query] for query in self._asked if query in self._found}
        self._asked = set()

    async def sums(self, conn: Connection, statement: str, *parameters: Any) -> dict[Key, Sums]:
        """The sums of a query's rows; at most `renew_s` old."""
        query = (statement, *(tuple(p) if isinstance(p, list) else p for p in parameters))

        async def read() -> dict[Key, Sums]:
            return await summed_query(conn, statement, parameters, self.folding)

        return await self.once(query, read)

    async def once(self, query: Query, read: Callable[[], Awaitable[T]]) -> T:
        """The result of `read` for the query; at most `renew_s` old."""
        self._asked.add(query)
        cached = self._found.get(query)
        if cached is None or self._clock() - cached[0] >= self._anew_s:
            read_at = self._clock()
            cached = self._found[query] = (read_at, await read())
        answer: T = cached[1]
        return answer
