"""COPQ and its base by product group, in the windows of the exporter."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, localcontext

from asyncpg import Connection

from copq.figures.report import ReportQuery, report
from copq.figures.trailing import trailing_windows
from copq.groups.store import groupings
from copq.ledger.arithmetic import MONEY
from copq.ledger.calendar import Calendar
from copq.ledger.figures import OTHER, ReportRow, Scope
from copq.periods.period import month_after
from copq.rates.book import RateBook
from copq.reporting.exporter import figures as f
from copq.reporting.exporter.samples import Sample
from copq.reporting.exporter.windows import TRAILING, Span

MOST_GROUPS = 100
"""The number of groups of a plant with samples of their own; the others are together."""

ZERO = Decimal(0)
Key = tuple[str, str, str]
"""Plant, group, currency."""


@dataclass(slots=True)
class GroupSums:
    """One key in one window."""

    failure: Decimal = ZERO
    base: Decimal = ZERO
    units: Decimal = ZERO

    def add(self, failure: Decimal, base: Decimal, units: Decimal) -> None:
        self.failure += failure
        self.base += base
        self.units += units


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """The sums by window and key."""

    grouping: str
    windows: dict[str, dict[Key, GroupSums]]


async def shown_grouping(conn: Connection, chosen: str | None) -> str | None:
    """The grouping of the metrics: the chosen one, or the only one; None if there is none."""
    known = await groupings(conn)
    if chosen is not None:
        return chosen if chosen in known else None
    return known[0] if len(known) == 1 else None


async def read_groups(
    conn: Connection, book: RateBook, grouping: str,
    calendars: Sequence[tuple[Calendar, list[str]]], spans: Sequence[list[Span]],
) -> GroupFigures:  # fmt: skip
    """The figures of all plants; open stops count until the end of each window's elapsed part.

    Call it in a transaction of one snapshot.
    """
    windows: dict[str, dict[Key, GroupSums]] = defaultdict(dict)
    now = max(span.end for of in spans for span in of)
    scope = Scope(by=("plant", "group"), grouping=grouping)
    for trailing in await trailing_windows(conn, book, scope, now, list(TRAILING.values())):
        windows[trailing.window.key] = _sums(trailing.rows)
    for (_, plants), of in zip(calendars, spans, strict=True):
        for span in of:
            rows = await report(conn, book, _query(span, grouping), now)
            own = [row for row in rows if row.dims["plant"] in plants]
            windows[span.window] |= _sums(own)
    return GroupFigures(grouping, _with_others(windows))


def _query(span: Span, grouping: str) -> ReportQuery:
    start = span.hour or span.first
    length = timedelta(microseconds=1) if span.hour else timedelta(days=1)
    end = month_after(span.first) if span.grain == "month" else start + length
    return ReportQuery(
        by=("plant", "group"), grain=span.grain, start=start, end=end, grouping=grouping
    )


def _sums(rows: list[ReportRow]) -> dict[Key, GroupSums]:
    return {
        (row.dims["plant"], row.dims["group"], row.currency): GroupSums(
            row.copq, row.base, row.units
        )
        for row in rows
    }


def _with_others(windows: dict[str, dict[Key, GroupSums]]) -> dict[str, dict[Key, GroupSums]]:
    """The same; of each plant the groups with the greatest base and cost have their own name."""
    own = _own_names(windows)
    shown: dict[str, dict[Key, GroupSums]] = {}
    with localcontext(MONEY):
        for window, sums in windows.items():
            of_window = shown.setdefault(window, {})
            for (plant, group, currency), one in sums.items():
                name = group if (plant, group) in own else OTHER
                total = of_window.setdefault((plant, name, currency), GroupSums())
                total.add(one.failure, one.base, one.units)
    return shown


def _own_names(windows: dict[str, dict[Key, GroupSums]]) -> set[tuple[str, str]]:
    weights: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for sums in windows.values():
        for (plant, group, _), one in sums.items():
            weights[plant][group] += abs(one.failure) + one.base
    return {
        (plant, group)
        for plant, groups in weights.items()
        for group in sorted(groups, key=lambda name: (-groups[name], name))[:MOST_GROUPS]
    }


def group_samples(figures: GroupFigures) -> Iterator[Sample]:
    """COPQ, base and units of each group; what is zero has no sample."""
    for window, sums in figures.windows.items():
        for (plant, group, currency), one in sums.items():
            of = (plant, figures.grouping, group)
            yield Sample(f.GROUP_FAILURE, (*of, currency, window), float(one.failure))
            if one.base:
                yield Sample(f.GROUP_BASE, (*of, currency, window), float(one.base))
            if one.units:
                yield Sample(f.GROUP_UNITS, (*of, currency, window), float(one.units))
