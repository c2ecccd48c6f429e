"""The savings bridge of a project by month: as first reported and as restated, down to entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, cast

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.edges import month_of
from copq.figures.names import check_names
from copq.figures.project_cells import parameters
from copq.figures.project_months import (
    MonthFigures,
    NotComparable,
    PlantMonths,
    Version,
    first_versions,
    newest_versions,
    running_months,
    spans_of_month,
)
from copq.figures.project_pricing import FrozenQuery, price_again
from copq.figures.project_watch import Watched, today, watched_projects
from copq.figures.requests import check_choice
from copq.figures.what_if_books import OneBook
from copq.figures.what_if_entries import ENTRY_COLUMNS, ChangedEntry, changed_entry
from copq.figures.window import Window
from copq.improvement.projects.running import Span
from copq.improvement.savings.bridge import Effect, NoBaseline
from copq.improvement.savings.cents import amount
from copq.improvement.savings.measured import Place
from copq.ledger.arithmetic import ZERO
from copq.projects.store import project
from copq.rates.book import RateBook
from copq.rates.frozen import frozen_book
from copq.schemas.names import canonical

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)
TABLES = ("months", "cells", "entries")
BASELINE = "baseline"
_FIGURES = (
    "days", "baseline", *map(str, Effect), "actual", "gross", "overlap", "net", "low", "high",
    "is_demonstrated", "left_as_booked",
)  # fmt: skip
MONTH_COLUMNS = (
    "month", *_FIGURES, "residual", "is_over", "version", "computed_at", "first_reported_gross",
    "first_reported_net", "restated", "reason",
)  # fmt: skip
CELL_COLUMNS = (
    "line", "product", *map(str, Effect), "baseline_at_frozen_rates", "baseline_exposure",
    "booked", "at_frozen_rates", "exposure", "is_claimable",
)  # fmt: skip
BRIDGE_BASIS = (
    "Each month is compared with the frozen baseline at the month's volume and mix and at the "
    "frozen rates. A saving is the opposite of performance, and a claim until finance validates it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeRequest:
    """The bridges of a project. With a `month`, such as 2026-06 or "baseline", its cells and its
    entries too; `table` is one of `TABLES`."""

    plant: str
    project: str
    month: str = ""
    table: str = TABLES[0]

    async def query(self, conn: Connection, book: RateBook) -> "BridgeQuery":
        """Raises `ValueError` on an unknown plant, project, month or table."""
        plant = canonical(self.plant)
        await check_names(conn, book, plant)
        check_choice(self.table, TABLES)
        if self.table != TABLES[0] and not self.month:
            raise ValueError(f"name the month of the {self.table}, such as 2026-06")
        found = await project(conn, plant, canonical(self.project))
        if found.freeze is None:
            raise ValueError(f"{found} is {found.state}: it has bridges once it is approved")
        is_baseline = self.month == BASELINE
        month = None if is_baseline or not self.month else month_of(self.month)
        if month is not None and month < found.plan.starts.replace(day=1):
            raise ValueError(f"{found} starts on {found.plan.starts}: {self.month} is before it")
        if is_baseline and self.table == "cells":
            raise ValueError("the baseline has no effects: ask for its entries, or for a month")
        return BridgeQuery(plant, found.name, month, is_baseline, self.table)


@dataclass(frozen=True, slots=True)
class BridgeQuery:
    """The project, and the month that is opened; without one, or for the baseline, None."""

    plant: str
    project: str
    month: date | None
    is_baseline: bool
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeMonth:
    """A month as it is now and as it was first reported; `reason` says why it has no bridge.

    A month that is not over is computed when it is asked for, and has no version.
    """

    month: date
    figures: MonthFigures | None
    version: Version | None
    first: Version | None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        now, first = self.figures, self.first.known if self.first else None
        return {
            "month": f"{self.month:%Y-%m}",
            **{name: None if now is None else getattr(now, name) for name in _FIGURES},
            "residual": None if now is None else now.residual,
            "is_over": self.version is not None,
            "version": self.version and self.version.number,
            "computed_at": self.version and self.version.computed_at,
            "first_reported_gross": first and first.gross,
            "first_reported_net": first and first.net,
            "restated": None if first is None or now is None else now.net - first.net,
            "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class BridgeCell:
    """The effects of a line and product in the opened month; an empty name stands for none."""

    row: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {name: self.row[name] for name in CELL_COLUMNS}


@dataclass(frozen=True, slots=True)
class BridgeAnswer:
    """The months, and of the opened one its cells and all of its entries; JSON has the first `most`
    (None: all). The difference of an entry is its part of the effect of rates."""

    query: BridgeQuery
    at: datetime
    zone: tzinfo
    currency: str
    months: list[BridgeMonth]
    cells: list[BridgeCell]
    entries: list[ChangedEntry]
    most: int | None

    @property
    def columns(self) -> tuple[str, ...]:
        return {"months": MONTH_COLUMNS, "cells": CELL_COLUMNS, "entries": ENTRY_COLUMNS}[
            self.query.table
        ]

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`."""
        if self.query.table == "entries":
            return [self._entry(one) for one in self.entries]
        rows: Sequence[BridgeMonth | BridgeCell] = (
            self.months if self.query.table == "months" else self.cells
        )
        return [one.as_json() for one in rows]

    def as_json(self) -> dict[str, Any]:
        month = self.query.month
        opened = BASELINE if self.query.is_baseline else month and f"{month:%Y-%m}"
        return {
            "at": self.at, "plant": self.query.plant, "project": self.query.project,
            "currency": self.currency, "months": [one.as_json() for one in self.months],
            "opened": opened, "cells": [one.as_json() for one in self.cells],
            "entries": [self._entry(one) for one in self.entries[: self.most]],
            "entries_total": len(self.entries), "basis": BRIDGE_BASIS,
        }  # fmt: skip

    def _entry(self, one: ChangedEntry) -> dict[str, Any]:
        return replace(one, occurred_at=one.occurred_at.astimezone(self.zone)).as_json()


async def answer_bridge(
    conn: Connection, books: Books, book: RateBook, request: BridgeRequest, now: datetime,
    most: int | None = None,
) -> BridgeAnswer:  # fmt: skip
    """The bridges of a project, in one snapshot.

    Raises `ValueError` on a request that is not possible.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book)
        found = await watched_projects(conn, book, query.plant)
        [one] = [own for own in found if own.project.name == query.project]
        months = PlantMonths(conn, found)
        if query.month and not spans_of_month(one, query.month):
            raise ValueError(_not_running(one, query.month))
        rows = await _months(conn, months, one, today(book, query.plant, now))
        cells = await _cells(months, one, query.month) if query.month else []
        entries: list[ChangedEntry] = []
        if query.month or query.is_baseline:
            entries = await _entries(conn, books, book, one, query)
    zone = book.sites[query.plant].calendar.zone
    return BridgeAnswer(query, now, zone, one.freeze.currency, rows, cells, entries, most)


def _not_running(one: Watched, month: date) -> str:
    runs = ", ".join(
        f"from {span.first} on" if span.last == date.max else f"from {span.first} to {span.last}"
        for span in one.spans
    )
    return f"{one.project} does not run in {month:%Y-%m}: it runs {runs or 'on no day'}"


async def _months(
    conn: Connection, months: PlantMonths, one: Watched, day: date
) -> list[BridgeMonth]:
    """The kept months, and those that are not kept: the running one, and what has no bridge."""
    newest, first = await newest_versions(conn, one.id), await first_versions(conn, one.id)
    found = [
        BridgeMonth(
            month=month,
            figures=kept.known,
            version=kept,
            first=first.get(month),
            reason=kept.reason,
        )
        for month, kept in sorted(newest.items())
    ]
    last = await conn.fetchval(*_SQL.last_plant_day(plant=one.project.plant)) or date.min
    for month in running_months(one, min(day, last)):
        if month not in newest:
            found.append(await _not_kept(months, one, month))
    return sorted(found, key=lambda own: own.month)


async def _not_kept(months: PlantMonths, one: Watched, month: date) -> BridgeMonth:
    figures, reason = None, None
    try:
        figures = await months.figures(one, month)
    except NotComparable as error:
        reason = str(error)
    return BridgeMonth(month=month, figures=figures, version=None, first=None, reason=reason)


async def _cells(months: PlantMonths, one: Watched, month: date) -> list[BridgeCell]:
    try:
        own, bridge = await months.exact(one, month)
    except NoBaseline:
        return []
    currency = one.freeze.currency
    found = []
    for place, effects in sorted(bridge.cells.items(), key=str):
        line, product = cast(Place, place)
        before, after = own.sums((line, product))
        shown = {str(e): amount(effects[e], currency) if e in effects else ZERO for e in Effect}
        found.append(BridgeCell({
            "line": line, "product": product, **shown,
            "baseline_at_frozen_rates": before.at_frozen_rates,
            "baseline_exposure": before.exposure, "booked": after.booked,
            "at_frozen_rates": after.at_frozen_rates, "exposure": after.exposure,
            "is_claimable": place not in bridge.without_baseline,
        }))  # fmt: skip
    return found


async def _entries(
    conn: Connection, books: Books, book: RateBook, one: Watched, query: BridgeQuery
) -> list[ChangedEntry]:
    """Every standing entry of the scope, as booked and at the frozen rates."""
    plan, freeze = one.project.plan, one.freeze
    spans = [Span(plan.baseline_first, plan.baseline_last)]
    until: datetime | None = freeze.booked_until
    if query.month is not None:
        spans, until = spans_of_month(one, query.month), None
    frozen = OneBook(frozen_book(await books.as_of(conn, freeze.revision), freeze.rates_at))
    windows = (Window(span.first, span.last + _DAY) for span in spans)
    asked = [FrozenQuery(plan, window, frozen, until, one.id) for window in windows]
    return [one for query in asked for one in await _entries_of(conn, books, book, query)]


async def _entries_of(
    conn: Connection, books: Books, book: RateBook, asked: FrozenQuery
) -> Iterable[ChangedEntry]:
    again = await price_again(conn, books, book, asked)
    changed = {(entry.event_id, entry.entry_no): entry for entry in again.entries}
    names = parameters(asked.plan, asked.window, asked.booked_until)
    as_booked = {
        (row["event_id"], row["entry_no"]): changed_entry(row, row["net"], row["seconds"])
        for row in await conn.fetch(*_SQL.project_entries(**names))
    }
    return {**as_booked, **changed}.values()
