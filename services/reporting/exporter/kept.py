"""What buckets that are over add up to: read anew only every so often.

It is most of what the figures are made of, and late events alone change it.
"""

import time
from collections.abc import Callable
from typing import Any

from asyncpg import Connection

from services.reporting.exporter.sums import Key, Sums, summed_rows

ANEW_S = 30.0
"""How late a late event may show in a bucket that is over."""

Query = tuple[Any, ...]


class Kept:
    """Sums by statement and parameters. The sums are shared: nobody changes them."""

    def __init__(self, anew_s: float = ANEW_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._anew_s, self._clock = anew_s, clock
        self._sums: dict[Query, tuple[float, dict[Key, Sums]]] = {}
        self._asked: set[Query] = set()

    def begin(self) -> None:
        """A reading begins: what the last one did not ask for is forgotten."""
        self._sums = {query: self._sums[query] for query in self._asked if query in self._sums}
        self._asked = set()

    async def sums(self, conn: Connection, statement: str, *parameters: Any) -> dict[Key, Sums]:
        """What the rows of a statement add up to; at most `anew_s` old."""
        query = (statement, *(tuple(p) if isinstance(p, list) else p for p in parameters))
        self._asked.add(query)
        found = self._sums.get(query)
        if found is None or self._clock() - found[0] >= self._anew_s:
            read_at = self._clock()
            rows = await conn.fetch(statement, *parameters)
            found = self._sums[query] = (read_at, summed_rows(rows))
        return found[1]
