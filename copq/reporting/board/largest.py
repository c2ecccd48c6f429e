"""Limits that keep the board readable and fast for any number of lines."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, localcontext

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.arithmetic import MONEY
from copq.ledger.figures import OTHER, ReportRow
from copq.posting.open_stops import OpenStop
from copq.reporting.board.view import View
from copq.schemas.priced import FAILURES

_SQL = Queries.of(__file__)
_FAILURES = list(map(str, FAILURES))

LINES = 200
"""The number of lines with a row of their own; all others are together in one row."""

NAMES = 500
"""The number of lines to choose from."""


Named = frozenset[str] | None
"""The lines with a row of their own; None means all."""


async def lines_to_name(
    conn: Connection, view: View, lines: list[str], since: date, stops: Iterable[OpenStop]
) -> Named:
    """The most expensive of `lines` since a day, and the lines with the longest open stops."""
    if view.line is not None or len(lines) <= LINES:
        return None
    rows = await conn.fetch(
        *_SQL.largest_lines(
            plant=view.plant,
            first_month=since.replace(day=1),
            last_month=view.day,
            categories=_FAILURES,
            currency=view.currency,
            limit=LINES - 1,
        )
    )
    return frozenset([row["line"] for row in rows] + _longest(view, stops))


async def lines_to_watch(conn: Connection, view: View, named: Named, start: datetime) -> Named:
    """The lines that alerts check: the named ones, and the most expensive since an instant."""
    if named is None:
        return None
    rows = await conn.fetch(
        *_SQL.largest_lines_since(
            plant=view.plant,
            start=start,
            now=view.now,
            categories=_FAILURES,
            currency=view.currency,
            limit=LINES,
        )
    )
    return named | {row["line"] for row in rows}


def _longest(view: View, stops: Iterable[OpenStop]) -> list[str]:
    of_plant = (stop.line for stop in stops if stop.plant == view.plant)
    return list(dict.fromkeys(of_plant))[:LINES]


def fold_lines(days: Iterable[ReportRow], hours: Iterable[ReportRow]) -> int:
    """Name all but the most expensive lines of `days` as one line, in both. Returns their number.

    Sums over all rows stay the same.
    """
    cost: dict[str, Decimal] = defaultdict(Decimal)
    with localcontext(MONEY):
        for row in days:
            if row.dims["line"] == OTHER:
                continue
            cost[row.dims["line"]] += abs(row.copq)
    if len(cost) <= LINES:
        return 0
    shown = set(sorted(cost, key=lambda line: (-cost[line], line))[: LINES - 1])
    for row in (*days, *hours):
        if row.dims["line"] not in shown:
            row.dims["line"] = OTHER
    return len(cost) - len(shown)


def names_to_choose(names: list[str], chosen: str | None) -> list[str]:
    """The first of the names, and the chosen name."""
    first = names[:NAMES]
    return first if chosen is None or chosen in first else [*first, chosen]
