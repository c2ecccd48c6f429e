"""Which lines and products are shown by name: the largest. All others are together in one.

So memory, series and time stay bounded however many names there are, and sums stay whole.
"""

from datetime import date
from typing import NamedTuple

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.figures import OTHER

MOST_LINES = 1_000
MOST_PAIRS = 5_000
"""Products by line: a plant of 100 lines × 50 products is shown whole."""

_SQL = Queries.of(__file__)


class FoldingRule(NamedTuple):
    """None: all of them are shown."""

    lines: frozenset[tuple[str, str]] | None = None
    pairs: frozenset[tuple[str, str, str]] | None = None

    def line(self, plant: str, line: str) -> str:
        """The name under which a line is shown."""
        return line if self.lines is None or (plant, line) in self.lines else OTHER

    def own_lines(self) -> dict[str, list[str] | None]:
        """The lines with their own name as two parameters of a statement; None: all lines."""
        if self.lines is None:
            return {"own_plants": None, "own_lines": None}
        own = sorted(self.lines)
        return {"own_plants": [plant for plant, _ in own], "own_lines": [line for _, line in own]}

    def place(self, plant: str, line: str, product: str) -> tuple[str, str]:
        """Line and product under which a figure is shown; what has no product keeps none."""
        if self.line(plant, line) == OTHER:
            return OTHER, OTHER if product else ""
        whole = not product or self.pairs is None or (plant, line, product) in self.pairs
        return line, product if whole else OTHER


ALL = FoldingRule()


async def folding(conn: Connection, since: date) -> FoldingRule:
    """What is shown, by what was made and what it cost since a day."""
    lines = await conn.fetch(*_SQL.lines(since=since, limit=MOST_LINES + 1))
    pairs = await conn.fetch(*_SQL.pairs(since=since, limit=MOST_PAIRS + 1))
    if len(lines) <= MOST_LINES and len(pairs) <= MOST_PAIRS:
        return ALL
    return FoldingRule(
        frozenset(map(tuple, lines[:MOST_LINES])) if len(lines) > MOST_LINES else None,
        frozenset(map(tuple, pairs[:MOST_PAIRS])) if len(pairs) > MOST_PAIRS else None,
    )
