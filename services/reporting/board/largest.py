"""A board that stays readable, and quick, however many lines a plant has."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal, localcontext

from services.ledger.arithmetic import MONEY
from services.ledger.figures import ReportRow

OTHER = "(other)"
LINES = 200
"""Lines with a row of their own; all others are together in one."""

NAMES = 500
"""Lines to choose from."""


def fold_lines(days: Iterable[ReportRow], hours: Iterable[ReportRow]) -> int:
    """Name all but the most expensive lines of `days` as one, in both; answers how many.

    Sums over all rows stay as they are.
    """
    cost: dict[str, Decimal] = defaultdict(Decimal)
    with localcontext(MONEY):
        for row in days:
            cost[row.dims["line"]] += abs(row.copq)
    if len(cost) <= LINES:
        return 0
    shown = set(sorted(cost, key=lambda line: (-cost[line], line))[: LINES - 1])
    for row in (*days, *hours):
        if row.dims["line"] not in shown:
            row.dims["line"] = OTHER
    return len(cost) - len(shown)


def names_to_choose(names: list[str], chosen: str | None) -> list[str]:
    """The first of the names, and the one that is chosen."""
    first = names[:NAMES]
    return first if chosen is None or chosen in first else [*first, chosen]
