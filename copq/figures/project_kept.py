"""What events cost at the frozen rates of projects, kept before a retention drops their bytes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_pricing import FrozenQuery, with_kept_costs
from copq.figures.project_watch import Watched, watched_projects
from copq.figures.what_if_books import ChangedBooks, OneBook
from copq.figures.what_if_entries import ChangedEntry, Differences
from copq.figures.what_if_events import compare_events
from copq.figures.window import Window
from copq.improvement.projects.running import Span
from copq.ledger.arithmetic import ZERO
from copq.rates.frozen import frozen_book

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)
Spans = Mapping[str, Span]
"""By plant the production days whose bytes are dropped."""


async def keep_costs(conn: Connection, spans: Spans) -> None:
    """Keep what the events of approved projects cost at their frozen rates, on these days of their
    baselines and of the months in which they run. Otherwise nobody could compute it again.

    It may be interrupted at any time, and be done again: what was kept stays.
    """
    books = Books()
    newest = await books.newest(conn)
    for one in await watched_projects(conn, newest):
        span = spans.get(one.project.plant)
        for query in await _queries(conn, books, one, span) if span else ():
            async with conn.transaction(isolation="repeatable_read"):
                await _keep(conn, ChangedBooks(conn, books, newest, query.rates), query)


async def _queries(conn: Connection, books: Books, one: Watched, span: Span) -> list[FrozenQuery]:
    plan, freeze = one.project.plan, one.freeze
    rates = OneBook(frozen_book(await books.as_of(conn, freeze.revision), freeze.rates_at))
    baseline = Span(plan.baseline_first, plan.baseline_last).within(span.first, span.last)
    asked = [(baseline, freeze.booked_until)] if baseline else []
    running: Iterable[tuple[Span, datetime | None]] = (
        (own, None) for own in one.spans_of(span.first, span.last)
    )
    return [
        FrozenQuery(plan, window, rates, until, project=one.id)
        for own, until in [*asked, *running]
        for window in _windows(own)
    ]


def _windows(span: Span) -> Iterator[Window]:
    """The days of a span, some at a time."""
    first = span.first
    while first <= span.last:
        after = min(first + _AT_ONCE, span.last + _DAY)
        yield Window(first, after)
        first = after


_AT_ONCE = timedelta(days=7)


async def _keep(conn: Connection, books: ChangedBooks, query: FrozenQuery) -> None:
    found = _Costs()
    await compare_events(conn, books, await with_kept_costs(conn, query), found)
    await conn.executemany(*_SQL.keep_project_entry.rows([
        {
            "project": query.project, "occurred_at": one.occurred_at, "event_id": one.event_id,
            "element": one.element, "net": one.changed,
            "seconds": one.changed_seconds,
            "recovered": found.of_rejects.get((one.event_id, one.element), ZERO),
        }
        for one in found.entries
    ]))  # fmt: skip


@dataclass(slots=True)
class _Costs(Differences):
    """All entries that are looked at, also those that would cost the same."""

    of_rejects: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def add(self, entries: Iterable[ChangedEntry]) -> None:
        self.entries += entries

    def recover(self, row: Mapping[str, object], day: object, now: Decimal) -> None:
        Differences.recover(self, row, day, now)
        self.of_rejects[str(row["event_id"]), str(row["element"])] = now
