"""All that an outside program needs to recompute a project's savings: one JSON file, line by line.

The first line is everything but the entries, and each further line is one entry, so that a file of
any size is written and read in little memory.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.names import check_names
from copq.figures.project_cells import parameters, windows_of
from copq.figures.project_export_head import head_of
from copq.figures.project_pricing import FrozenQuery, price_again
from copq.figures.project_watch import Watched, sharing, watched_projects
from copq.figures.what_if_books import OneBook
from copq.figures.what_if_entries import ChangedEntry
from copq.improvement.projects.plan import add_months
from copq.improvement.projects.scope import Scope, holds
from copq.projects.plan_json import plain
from copq.projects.store import ProjectError, project
from copq.rates.book import RateBook
from copq.rates.frozen import frozen_book
from copq.schemas.names import canonical

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)
COLUMNS = (
    "project", "part", "event_id", "entry_no", "occurred_at", "booked_at", "reverses", "day",
    "line", "product", "stage", "work_unit", "defect_code", "shift", "supplier", "element",
    "category", "quantity", "gross", "recovered", "allowed", "net", "seconds", "base", "good",
    "ungraded", "currency", "rate_version", "labour_version", "line_version", "hour",
    "at_frozen_rates",
)  # fmt: skip
"""Of an entry, as copq.ledger names them. `part` is `baseline` or `months`; `at_frozen_rates` is
the net at the frozen rates of `project`. An entry that only these would book has no `entry_no`."""

_AMOUNTS = (
    "quantity", "gross", "recovered", "allowed", "net", "seconds", "base", "good", "ungraded",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """A project whose entries are exported: all of them, or those that another scope holds too.

    What projects share is measured from the baseline of the first that has one for its place.
    """

    own: Watched
    frozen: RateBook
    within: Scope | None = None

    @classmethod
    async def of(
        cls, conn: Connection, books: Books, own: Watched, within: Scope | None = None
    ) -> Self:
        book = await books.as_of(conn, own.freeze.revision)
        return cls(own, frozen_book(book, own.freeze.rates_at), within)


@dataclass(frozen=True, slots=True)
class _Span:
    """Production days whose entries are exported, if they were booked until then."""

    part: str
    first: date
    last: date
    booked_until: datetime


async def export_lines(
    conn: Connection, books: Books, newest: RateBook, plant: str, name: str, now: datetime
) -> AsyncIterator[str]:
    """The lines of the file. Call it in a transaction: it reads that snapshot.

    Raises `ValueError` on an unknown plant or project, and if it was never approved.
    """
    plant = canonical(plant)
    await check_names(conn, newest, plant)
    one = await project(conn, plant, canonical(name))
    if one.freeze is None:
        raise ProjectError(
            f"{one} is {one.state}: an export holds what approval froze, so approve it first"
        )
    found = await watched_projects(conn, newest, plant)
    [own] = [other for other in found if other.id == one.id]
    parts = [await _Part.of(conn, books, own)]
    others = (other for other in sharing(own, found) if other.id != own.id)
    parts += [await _Part.of(conn, books, other, one.plan.scope) for other in others]
    rates = {part.own.project.name: part.frozen for part in parts}
    head = await head_of(conn, own, found, rates, now)
    opened = json.dumps({**head, "columns": COLUMNS, "entries": []}, ensure_ascii=False)
    yield opened.removesuffix("]}") + "\n"
    before = ""
    for part in parts:
        for span in _spans(part.own, head["months"], now):
            async for entry in _entries(conn, books, newest, part, span):
                yield before + json.dumps(entry, ensure_ascii=False)
                before = ",\n"
    yield "\n]}\n"


def _spans(own: Watched, months: Sequence[Mapping[str, Any]], now: datetime) -> list[_Span]:
    """The baseline as it was approved, and all months that have a bridge."""
    plan = own.project.plan
    spans = [_Span("baseline", plan.baseline_first, plan.baseline_last, own.freeze.booked_until)]
    if months:
        first, last = (date.fromisoformat(months[place]["month"]) for place in (0, -1))
        spans.append(_Span("months", first, add_months(last, 1) - _DAY, now))
    return spans


async def _entries(
    conn: Connection, books: Books, newest: RateBook, part: _Part, span: _Span
) -> AsyncIterator[list[Any]]:
    plan = part.own.project.plan
    days = [span.first + number * _DAY for number in range((span.last - span.first).days + 1)]
    for window in windows_of(days):
        asked = parameters(plan, window, span.booked_until)
        rows = await conn.fetch(*_SQL.export_entries(**asked))
        query = FrozenQuery(plan, window, OneBook(part.frozen), span.booked_until, part.own.id)
        again = (await price_again(conn, books, newest, query)).entries
        for entry in _priced(rows, {(a.event_id, a.entry_no): a for a in again}):
            if part.within is None or entry["element"] in OUTPUT or holds(part.within, entry):
                named = [part.own.project.name, span.part]
                yield named + [entry[name] for name in COLUMNS[len(named) :]]


OUTPUT = ("production", "downtime", "planned_stop")
"""Elements that losses may be compared with."""


def _priced(
    rows: Sequence[Record], again: dict[tuple[str, int | None], ChangedEntry]
) -> Iterator[dict[str, Any]]:
    """The entries with their cost at frozen rates, then those that only these rates would book."""
    for row in rows:
        changed = again.pop((row["event_id"], row["entry_no"]), None)
        at_frozen = row["net"] if changed is None else plain(changed.changed)
        yield {**row, "day": str(row["day"]), "at_frozen_rates": at_frozen}
    yield from (_only_frozen(one) for one in again.values() if one.entry_no is None)


def _only_frozen(one: ChangedEntry) -> dict[str, Any]:
    return {
        **{name: getattr(one, name, None) for name in COLUMNS},
        **dict.fromkeys(_AMOUNTS, "0"),
        "occurred_at": f"{one.occurred_at.timestamp():.6f}",
        "day": str(one.day),
        "at_frozen_rates": plain(one.changed),
    }
