"""The contents of a scrape, read from Postgres in one snapshot."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from functools import partial
from typing import NamedTuple

from asyncpg import Connection

from copq.currencies.store import reporting_currency
from copq.database.queries import Queries
from copq.figures.causes import Cause, main_causes
from copq.figures.folding import ALL, FoldingRule, folding
from copq.figures.sums import Key, Sums, by_line, merge_sums, regroup_sums, sum_cells, summed_query
from copq.figures.trailing import (
    EDGE_SUMS,
    WHOLE_SUMS,
    accrued_cells,
    calendars,
    edge_stops,
    parts_of,
)
from copq.ledger.arithmetic import MONEY
from copq.ledger.calendar import Calendar
from copq.ledger.figures import Scope
from copq.posting.open_stops import Accrued, OpenStop, exchanged, open_stop_costs
from copq.rates.book import RateBook
from copq.reporting.exporter.converted import Converted
from copq.reporting.exporter.finished_sums import FinishedSums
from copq.reporting.exporter.groups import GroupFigures, read_groups, shown_grouping
from copq.reporting.exporter.projects import ProjectFigures, read_projects
from copq.reporting.exporter.windows import HOUR, TRAILING, Span, same_hours, spans
from copq.targets.book import TargetBook
from copq.targets.store import load_targets

_SQL = Queries.of(__file__)
_APART = Scope(by=("plant", "line", "product"))


LineKey = tuple[str, str]
"""Plant and line."""


class UnpricedLine(NamedTuple):
    """Events of a line that wait for a price; without a currency their worth is unknown."""

    plant: str
    line: str
    currency: str | None
    events: int
    worth: Decimal | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading as of `now`. By window: sums in parts, ended stops, and start and end by plant."""

    now: datetime
    book: RateBook
    targets: TargetBook
    sums: dict[str, list[dict[Key, Sums]]] = field(default_factory=lambda: defaultdict(list))
    usual: dict[str, list[dict[Key, Sums]]] = field(default_factory=lambda: defaultdict(list))
    """The last full hour, one to four weeks ago, by week."""
    repairs: dict[str, dict[LineKey, tuple[int, float]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    spans: dict[str, dict[str, tuple[datetime, datetime]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    accrued: list[Accrued] = field(default_factory=list)
    converted: dict[str, Converted] = field(default_factory=dict)
    """All plants in the reporting currency, by calendar window; empty without a reporting
    currency."""
    causes: dict[LineKey, Cause] = field(default_factory=dict)
    """The main cause of the last hour, for lines above their target in it."""
    open: list[OpenStop] = field(default_factory=list)
    unpriced: list[UnpricedLine] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    heard: dict[LineKey, datetime] = field(default_factory=dict)
    groups: list[GroupFigures] = field(default_factory=list)
    """Those of product groups; none where no grouping is shown."""
    projects: list[ProjectFigures] = field(default_factory=list)
    """Those of improvement projects."""
    folding: FoldingRule = ALL
    """The lines and products with names of their own."""


async def read(
    conn: Connection, book: RateBook, now: datetime, finished: FinishedSums | None = None,
    grouping: str | None = None,
) -> Reading:  # fmt: skip
    """The figures at `now`. Open stops count until then, as in every report.

    `finished` caches the sums of finished buckets from the last reading, and the figures of product
    groups, which are those of `grouping`, or of the only one.
    """
    finished = finished or FinishedSums()
    finished.begin()
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        since = now.date().replace(day=1) - timedelta(days=32)
        finished.folding = await finished.once(("folding", since), lambda: folding(conn, since))
        reading = Reading(now, book, await load_targets(conn, now), folding=finished.folding)
        opened = await open_stop_costs(conn, book, Scope(), now)
        reading.accrued.extend(opened.accrued)
        reading.open.extend(opened.stops)
        reading.sums.update({name: [] for name in TRAILING})
        for calendar, plants in calendars(book, None):
            await _read_calendar(conn, reading, calendar, plants, finished)
            await _read_trailing(conn, reading, calendar, plants, finished)
        await _read_causes(conn, reading, finished)
        await _read_groups(conn, reading, finished, grouping)
        of_projects = partial(read_projects, conn, book, now)
        reading.projects.append(await finished.once(("projects",), of_projects))
        await _read_state(conn, reading)
    return reading


async def _read_calendar(
    conn: Connection,
    reading: Reading,
    calendar: Calendar,
    plants: list[str],
    finished: FinishedSums,
) -> None:
    """Read the buckets of plants whose days and hours are the same."""
    calendar_spans = spans(calendar, reading.now)
    reporting = await reporting_currency(conn)
    for span in calendar_spans:
        reading.sums[span.window] += [
            await _bucket(conn, span, plants, finished, is_over=span.end < reading.now),
            _accrued(reading, span, plants),
        ]
        await _read_repairs(conn, reading, span.window, (span.start, span.end), plants)
        if reporting is not None:
            await _convert(conn, reading, span, plants, reporting.currency)
    last_hour = next(span for span in calendar_spans if span.window == "last_hour")
    for week in same_hours(calendar, last_hour.start):
        reading.usual[week.window].append(await _bucket(conn, week, plants, finished, is_over=True))


async def _read_trailing(
    conn: Connection,
    reading: Reading,
    calendar: Calendar,
    plants: list[str],
    finished: FinishedSums,
) -> None:
    """Read the windows up to now: their whole days and hours are finished, the rest is not."""
    accrued = [a for a in reading.accrued if a.plant in plants]
    for name, window in TRAILING.items():
        start = reading.now - window.length
        parts = parts_of(calendar, start, reading.now)
        recent = accrued_cells([a for a in accrued if a.segment.end > start], start, reading.now)
        recent += await edge_stops(conn, plants, parts, _APART)
        edges = EDGE_SUMS(**parts.edges(plants, _APART))
        reading.sums[name] += [
            await finished.sums(conn, *WHOLE_SUMS(**parts.whole(plants, _APART))),
            await summed_query(conn, edges[0], edges[1:], reading.folding),
            sum_cells(recent, reading.folding),
        ]
        await _read_repairs(conn, reading, name, (start, reading.now), plants)


async def _convert(
    conn: Connection, reading: Reading, span: Span, plants: list[str], currency: str
) -> None:
    """Add these plants to the window's figures in the reporting currency."""
    rows = await conn.fetch(
        *_SQL.converted(
            grain=span.grain, first=span.first, last=span.last, hour=span.hour, plants=plants
        )
    )
    open_now = [a for a in reading.accrued if a.plant in plants and span.takes(*a.bucket)]
    open_now = await exchanged(conn, open_now, currency)
    total = reading.converted.setdefault(span.window, Converted(currency))
    with localcontext(MONEY):
        for row in rows:
            total.take(row)
        total.accrue(open_now)


async def _bucket(
    conn: Connection, span: Span, plants: list[str], finished: FinishedSums, is_over: bool
) -> dict[Key, Sums]:
    query = _SQL.bucket(
        grain=span.grain, first=span.first, last=span.last, hour=span.hour, plants=plants
    )
    if is_over:
        return await finished.sums(conn, *query)
    return await summed_query(conn, query[0], query[1:], finished.folding)


def _accrued(reading: Reading, span: Span, plants: list[str]) -> dict[Key, Sums]:
    cells = (
        a.cell(None, a.cost, a.seconds)
        for a in reading.accrued
        if a.plant in plants and span.takes(*a.bucket)
    )
    return sum_cells(cells, reading.folding)


async def _read_repairs(
    conn: Connection, reading: Reading, window: str, span: tuple[datetime, datetime],
    plants: list[str],
) -> None:  # fmt: skip
    own = reading.folding.own_lines()
    for row in await conn.fetch(*_SQL.repairs(start=span[0], end=span[1], plants=plants, **own)):
        reading.repairs[window][row["plant"], row["line"]] = (row["stops"], row["seconds"])
    reading.spans[window].update(dict.fromkeys(plants, span))


async def _read_causes(conn: Connection, reading: Reading, finished: FinishedSums) -> None:
    """Read the causes, only for lines above their target: it reads their entries of two hours."""
    start = reading.now - TRAILING[HOUR].length
    for plant, lines in _above_target(reading).items():
        read = partial(main_causes, conn, plant, lines, start, reading.now, reading.accrued)
        causes = await finished.once(("causes", plant, tuple(lines)), read)
        reading.causes.update({(plant, line): cause for line, cause in causes.items()})


async def _read_groups(
    conn: Connection, reading: Reading, finished: FinishedSums, chosen: str | None
) -> None:
    """Read the figures of product groups, at most as often as those of finished buckets."""
    found = await finished.once(("grouping",), lambda: shown_grouping(conn, chosen))
    if found is None:
        return
    of = calendars(reading.book, None)
    every = [spans(calendar, reading.now) for calendar, _ in of]
    figures = await finished.once(
        ("groups", found), lambda: read_groups(conn, reading.book, found, of, every)
    )
    reading.groups.append(figures)


def _above_target(reading: Reading) -> dict[str, list[str]]:
    """The lines above their target by plant, in the order of names."""
    by_plant: dict[str, set[str]] = defaultdict(set)
    with localcontext(MONEY):
        for (plant, line, _, _), sums in regroup_sums(
            merge_sums(reading.sums[HOUR]), by_line
        ).items():
            target = reading.targets.target(plant, line, "", HOUR)
            if target is not None and sums.base > 0 and sums.failure > target * sums.base:
                by_plant[plant].add(line)
    return {plant: sorted(lines) for plant, lines in by_plant.items()}


async def _read_state(conn: Connection, reading: Reading) -> None:
    unpriced = await conn.fetch(*_SQL.unpriced(now=reading.now, **reading.folding.own_lines()))
    reading.unpriced.extend(UnpricedLine(**row) for row in unpriced)
    rejected = await conn.fetch(*_SQL.rejected())
    reading.rejected.update({row["code"]: row["events"] for row in rejected})
    async for row in conn.cursor(*_SQL.heard()):
        if reading.folding.line(row["plant"], row["line"]) == row["line"]:
            reading.heard[row["plant"], row["line"]] = row["occurred_at"]
