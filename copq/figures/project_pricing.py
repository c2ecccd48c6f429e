"""The losses of a plan's scope, priced by one rate book: the same code as a what-if."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.what_if_books import ChangedBooks, OneBook
from copq.figures.what_if_dispatches import price_dispatches
from copq.figures.what_if_entries import Differences, Kept, KeptCost
from copq.figures.what_if_events import compare_events
from copq.figures.what_if_query import instants_of, reaches_json
from copq.figures.what_if_stops import STOP_ELEMENTS, compare_booked_time
from copq.figures.window import Window
from copq.improvement.projects.plan import Plan
from copq.improvement.projects.scope import allows, holds, names_of
from copq.improvement.what_if.changes import EventChange
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
_OF_EVENT = ("line", "product", "stage", "defect_code", "work_unit", "shift", "supplier")
"""Names that all entries of an event share."""

_NOT_OF_DISPATCH = ("stage", "defect_code", "work_unit", "shift", "supplier")


@dataclass(frozen=True, slots=True)
class FrozenQuery:
    """The events of a plan's scope in a window, at the rates of one book.

    With `booked_until`, as the ledger was then. With an approved `project`, whose frozen rates they
    are, events without bytes cost what was kept when these were dropped.
    """

    plan: Plan
    window: Window
    rates: OneBook
    booked_until: datetime | None = None
    project: int | None = None
    kept: Kept = field(default_factory=dict)

    def is_asked(self, plant: str, product: str | None, day: date) -> bool:
        return True

    @property
    def of_events(self) -> Mapping[int, EventChange]:
        return {}

    def days(self) -> dict[str, Any]:
        days = {"first": self.window.first, "last": self.window.last}
        none = {"group": None, "grouping": None}
        return {**days, **none, "booked_until": self.booked_until, **self.instants()}

    def instants(self) -> dict[str, Any]:
        places = {"plant": self.plan.plant, "line": None, "product": None}
        return {**instants_of(self.window), **places}

    def event_reaches(self) -> str:
        scope = self.plan.scope
        return reaches_json(
            [{f: sorted(names) for f in _OF_EVENT if (names := names_of(scope, f))}]
        )

    def stop_reaches(self) -> None:
        """Booked time is priced without its stops."""


async def price_again(
    conn: Connection, books: Books, newest: RateBook, query: FrozenQuery
) -> Differences:
    """The entries of the scope that cost something else at the rates of the query.

    Call it in a transaction: it reads that snapshot. What has no bytes and no kept cost, no
    rate, or does not follow from its rates stays as booked and is counted.
    """
    found, scope = Differences(), query.plan.scope
    changed = ChangedBooks(conn, books, newest, query.rates)
    await compare_events(conn, changed, await kept_costs(conn, query), found)
    if all(allows(scope, field, None) for field in _NOT_OF_DISPATCH):
        await price_dispatches(conn, changed.newest.after, query, found)
    if any(allows(scope, "element", element) for element in STOP_ELEMENTS):
        lines: list[str | None] = [*sorted(names_of(scope, "line") or ())]
        for line in lines or [None]:
            await compare_booked_time(conn, changed.newest.after, query, line, found)
    found.entries = [
        one for one in found.entries
        if holds(scope, {field: getattr(one, field) for field in _FIELDS})
    ]  # fmt: skip
    return found


async def kept_costs(conn: Connection, query: FrozenQuery) -> FrozenQuery:
    """The query with what was kept of its project's events."""
    if query.project is None:
        return query
    asked = _SQL.kept_entries(project=query.project, **instants_of(query.window))
    kept = {
        (row["event_id"], row["element"]): KeptCost(row["net"], row["recovered"], row["seconds"])
        for row in await conn.fetch(*asked)
    }
    return replace(query, kept=kept)


_FIELDS = (*_OF_EVENT, "element", "category")
