"""The largest lines and products have names of their own; all others are shown together as one.

So memory, series and time stay bounded for any number of names, and sums stay complete.
"""

from datetime import date
from typing import NamedTuple

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.figures import OTHER

MOST_LINES = 1_000
MOST_PAIRS = 5_000
"""The number of products by line: a plant of 100 lines × 50 products is shown whole."""

_SQL = Queries.of(__file__)


class FoldingRule(NamedTuple):
    """The lines and pairs with names of their own; None means all of them."""

    lines: frozenset[tuple[str, str]] | None = None
    pairs: frozenset[tuple[str, str, str]] | None = None

    def line(self, plant: str, line: str) -> str:
        """The name under which a line is shown."""
        return line if self.lines is None or (plant, line) in self.lines else OTHER

    def own_lines(self) -> dict[str, list[str] | None]:
        """The lines with names of their own, as two query parameters; None means all lines."""
        if self.lines is None:
            return {"own_plants": None, "own_lines": None}
        own = sorted(self.lines)
        return {"own_plants": [plant for plant, _ in own], "own_lines": [line for _, line in own]}

    def place(self, plant: str, line: str, product: str) -> tuple[str, str]:
        """The line and product under which a figure is shown. A figure without a product keeps
        none."""
        if self.line(plant, line) == OTHER:
            return OTHER, OTHER if product else ""
        whole = not product or self.pairs is None or (plant, line, product) in self.pairs
        return line, product if whole else OTHER


ALL = FoldingRule()


async def folding(conn: Connection, since: date) -> FoldingRule:
    """The rule by production and cost since a day."""
    lines = await conn.fetch(*_SQL.lines(since=since, limit=MOST_LINES + 1))
    pairs = await conn.fetch(*_SQL.pairs(since=since, limit=MOST_PAIRS + 1))
    if len(lines) <= MOST_LINES and len(pairs) <= MOST_PAIRS:
        return ALL
    return FoldingRule(
        frozenset(map(tuple, lines[:MOST_LINES])) if len(lines) > MOST_LINES else None,
        frozenset(map(tuple, pairs[:MOST_PAIRS])) if len(pairs) > MOST_PAIRS else None,
    )
