"""What buckets that are over add up to: read again only every so often.

It is most of what the figures are made of, and late events alone change it.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from asyncpg import Connection

from copq.figures.folding import ALL
from copq.figures.sums import Key, Sums, summed_query

ANEW_S = 30.0
"""How late a late event may show in a bucket that is over."""

Query = tuple[Any, ...]
T = TypeVar("T")


class Kept:
    """What was read, by what was asked. It is shared: nobody changes it."""

    def __init__(self, anew_s: float = ANEW_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._anew_s, self._clock = anew_s, clock
        self._found: dict[Query, tuple[float, Any]] = {}
        self._asked: set[Query] = set()
        self.folding = ALL

    def begin(self) -> None:
        """A reading begins: what the last one did not ask for is forgotten."""
        self._found = {query: self._found[query] for query in self._asked if query in self._found}
        self._asked = set()

    async def sums(self, conn: Connection, statement: str, *parameters: Any) -> dict[Key, Sums]:
        """What the rows of a statement add up to; at most `anew_s` old."""
        query = (statement, *(tuple(p) if isinstance(p, list) else p for p in parameters))

        async def read() -> dict[Key, Sums]:
            return await summed_query(conn, statement, parameters, self.folding)

        return await self.once(query, read)

    async def once(self, query: Query, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives for the query; at most `anew_s` old."""
        self._asked.add(query)
        found = self._found.get(query)
        if found is None or self._clock() - found[0] >= self._anew_s:
            read_at = self._clock()
            found = self._found[query] = (read_at, await read())
        answer: T = found[1]
        return answer
