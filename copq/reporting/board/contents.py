"""The contents of the board from one snapshot, so that its figures agree with each other."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from copq.database.queries import Queries
from copq.figures.answers import BASIS
from copq.figures.books import Reading
from copq.figures.causes import Cause, main_causes
from copq.figures.entries import LedgerEntry
from copq.figures.explaining import explain_entries
from copq.figures.names import lines_of
from copq.figures.report import ReportQuery, report
from copq.figures.trailing import Window, between, trailing_windows
from copq.figures.unpriced import unpriced_part
from copq.groups.store import groupings, groups_of_days, groups_of_grouping
from copq.ledger.figures import OTHER, ReportRow
from copq.ledger.money import digits
from copq.posting.open_stops import OpenStop, OpenStopCosts, open_stop_costs
from copq.reporting.board import alerts
from copq.reporting.board.example import example
from copq.reporting.board.kpis import kpis_of
from copq.reporting.board.largest import (
    Named,
    fold_lines,
    lines_to_name,
    lines_to_watch,
    names_to_choose,
)
from copq.reporting.board.losses import paretos, ticking
from copq.reporting.board.switch import kept_filters
from copq.reporting.board.targets import Aims
from copq.reporting.board.view import (
    ONE_DAY,
    Sum,
    View,
    budget_of,
    comparison,
    is_over,
    latest_day,
    latest_days,
    sum_of,
    target_of,
)
from copq.schemas.bases import PRODUCTION_BASE
from copq.schemas.priced import FAILURES

_SQL = Queries.of(__file__)
LATEST = 12
"""The number of entries in the list of the newest."""

_HOUR = Window("1 h", timedelta(hours=1))
_WEEK = timedelta(days=7)


async def contents(reading: Reading, view: View, aims: Aims, span: str) -> dict[str, Any]:
    """The contents of the page; `span` (`day` or `month`) is the span of the Pareto."""
    names = await lines_of(reading.conn, reading.book, view.plant)
    opened = await _opened(reading, view, view.now)
    named = await lines_to_name(reading.conn, view, names, _since(view), opened.stops)
    days = await _days(reading, view, named, opened)
    hours = await _hours(reading, view, named, opened)
    fold_lines(days, hours)
    newest = await newest_entries(reading, view, named, opened.stops)
    today = await _today(reading, view, aims, days)
    return {
        **await _where(reading, view, names),
        "newest": newest.of_all,
        "hour": await _last_hour(reading, view, aims, opened),
        "today": today,
        "month": await _month(reading, view, aims, days),
        "kpis": await kpis_of(reading, view, today),
        "hours": _by_hour(view, aims, hours),
        "lines": _lines(view, aims, days, hours, newest.by_line),
        "span": span,
        "paretos": await paretos(
            reading.conn,
            reading.book,
            view,
            view.month if span == "month" else view.day,
            view.day + ONE_DAY,
            opened,
        ),
        **ticking(opened),
        "latest": await _latest(reading, view),
        "alerts": [
            asdict(alert) for alert in await _alerts(reading, view, aims, newest, named, opened)
        ],
    }


async def _opened(reading: Reading, view: View, now: datetime) -> OpenStopCosts:
    """The open stops of the view; of a group those of its products."""
    opened = await open_stop_costs(reading.conn, reading.book, view.scope(), now)
    if view.group is None or view.grouping is None:
        return opened
    places = [(one.plant, one.stop.product, view.day) for one in opened.stops]
    groups = await groups_of_days(reading.conn, view.grouping, places)
    own = [one for one, group in zip(opened.stops, groups, strict=True) if group == view.group]
    accrued = [part for part in opened.accrued if part.group == view.group]
    return OpenStopCosts(opened.now, own, accrued)


async def _where(reading: Reading, view: View, names: list[str]) -> dict[str, Any]:
    """The place and the basis of the figures."""
    latest = await latest_days(reading.conn)
    since = reading.book.sites[view.plant].currency_since(view.now)
    keeps = await kept_filters(reading, view.line, None, view.group, view.grouping)
    return {
        "as_of": view.now.astimezone(view.calendar.zone),
        "read_at": reading.now.astimezone(view.calendar.zone),
        "live": view.live,
        "plant": view.plant,
        "plants": [
            {
                "plant": name,
                "currency": site.currency_at(reading.now),
                "has_figures": name in latest,
                "keeps": keeps[name],
            }
            for name, site in sorted(reading.book.sites.items())
        ],
        "line": view.line,
        "line_names": names_to_choose(names, view.line),
        **view.groups(),
        "group_names": await _group_names(reading, view.plant),
        "day": view.day,
        "day_start": view.day_start.astimezone(view.calendar.zone),
        "day_end": view.day_end.astimezone(view.calendar.zone),
        "newest_day": view.calendar.bucket(reading.now).day,
        "latest_day": await latest_day(reading.conn, view.plant),
        "zone": str(view.calendar.zone),
        "currency": view.currency,
        "digits": digits(view.currency),
        "currency_since": since and since.astimezone(view.calendar.zone),
        "example": example(reading.book, view),
        "base_name": PRODUCTION_BASE,
        "basis": BASIS,
    }


async def _group_names(reading: Reading, plant: str) -> list[dict[str, str]]:
    """The groups to choose from, of each grouping of the plant."""
    return [
        {"grouping": grouping, "group": group}
        for grouping in await groupings(reading.conn, plant)
        for group in await groups_of_grouping(reading.conn, grouping, plant)
    ]


def _since(view: View) -> date:
    """The first day whose figures are read."""
    return min(view.month_before, view.day - _WEEK)


async def _days(
    reading: Reading, view: View, named: Named, opened: OpenStopCosts
) -> list[ReportRow]:
    """The figures by line and production day, for this month and the previous one."""
    query = ReportQuery(
        view.plant, view.line, by=("line",), start=_since(view), end=view.day + ONE_DAY,
        named=named, **view.groups(),
    )  # fmt: skip
    rows = await report(reading.conn, reading.book, query, view.now, opened.accrued)
    return _own(view, rows)


def _own(view: View, rows: list[ReportRow]) -> list[ReportRow]:
    """The rows of lines in the plant's currency: amounts in an earlier currency are never added.

    What is of the plant as a whole is standing cost, not failure.
    """
    own = [row for row in rows if row.currency == view.currency]
    return [row for row in own if row.dims.get("line") != ""]


async def _hours(
    reading: Reading, view: View, named: Named, opened: OpenStopCosts
) -> list[ReportRow]:
    """The figures by line and hour, for the day and the previous day."""
    start, end = view.calendar.start_of(view.day_before), view.day_end
    query = ReportQuery(
        view.plant, view.line, by=("line",), grain="hour", start=start, end=end, named=named,
        **view.groups(),
    )  # fmt: skip
    rows = await report(reading.conn, reading.book, query, view.now, opened.accrued)
    return _own(view, rows)


async def _last_hour(
    reading: Reading, view: View, aims: Aims, opened: OpenStopCosts
) -> dict[str, Any] | None:
    """The last 60 minutes, compared with the same minutes a day ago. None on a past day."""
    if not view.live:
        return None
    now = sum_of(await _last_hour_rows(reading, view, opened))
    yesterday = view.now - ONE_DAY
    opened_then = await _opened(reading, view, yesterday)
    before = sum_of(await _last_hour_rows(reading, view, opened_then))
    compared = comparison(now, before, aims, view.line, "1h")
    return {**compared, "before_span": _span(view, yesterday - _HOUR.length, yesterday)}


def _span(view: View, start: datetime, end: datetime) -> list[datetime]:
    """The span in the plant's time."""
    return [start.astimezone(view.calendar.zone), end.astimezone(view.calendar.zone)]


async def _last_hour_rows(
    reading: Reading, view: View, opened: OpenStopCosts, by: tuple[str, ...] = (),
    named: Named = None,
) -> list[ReportRow]:  # fmt: skip
    """The figures of the 60 minutes up to the instant of the open stops."""
    scope = view.scope(by, named)
    [window] = await trailing_windows(
        reading.conn, reading.book, scope, opened.now, [_HOUR], opened.accrued
    )
    return _own(view, window.rows)


async def _today(reading: Reading, view: View, aims: Aims, days: list[ReportRow]) -> dict[str, Any]:
    """The day so far, compared with the same part of the previous day."""
    whole = sum_of([row for row in days if row.bucket == view.day_before])
    before = sum_of(await _as_far_into(reading, view, view.day_before)) if view.live else whole
    today = sum_of([row for row in days if row.bucket == view.day])
    compared = comparison(today, before, aims, view.line, "day")
    start = view.calendar.start_of(view.day_before)
    span = _span(view, start, start + view.elapsed)
    return {**compared, "whole_day_before": whole.as_json(), "before_span": span}


async def _as_far_into(reading: Reading, view: View, day: date) -> list[ReportRow]:
    """Another production day, from its start to the same elapsed time as today."""
    start = view.calendar.start_of(day)
    until = start + view.elapsed
    return _own(view, await between(reading.conn, reading.book, view.scope(), start, until))


async def _month(reading: Reading, view: View, aims: Aims, days: list[ReportRow]) -> dict[str, Any]:
    """The month so far, compared with the same part of the previous month, which may be shorter."""
    same_day = view.month_before + (view.day - view.month)
    now = sum_of([row for row in days if _date(row) >= view.month])
    cut = view.live and same_day < view.month
    last = same_day if cut else min(same_day + ONE_DAY, view.month)
    rows = [row for row in days if view.month_before <= _date(row) < last]
    end = view.calendar.start_of(last)
    if cut:
        rows += await _as_far_into(reading, view, same_day)
        end += view.elapsed
    compared = comparison(now, sum_of(rows), aims, view.line, "month")
    span = _span(view, view.calendar.start_of(view.month_before), end)
    budget = budget_of(view, now, aims.budgets.get(view.line))
    return {**compared, "before_span": span, "budget": budget}


def _date(row: ReportRow) -> Any:
    return row.bucket


def _by_hour(view: View, aims: Aims, hours: list[ReportRow]) -> list[dict[str, Any]]:
    """Each hour of the day, past or to come. Its target is a share of its own base."""
    share = aims.share(view.line, "hour")
    by_hour = _sums(hours, lambda row: row.bucket)
    columns = []
    for hour, before in zip(*_starts(view), strict=True):
        now = by_hour.get(hour, Sum())
        columns.append({
            "hour": hour.astimezone(view.calendar.zone), "copq": now.copq, "base": now.base,
            "share": now.share, "rejected": now.rejected, "hours": now.hours,
            "known": now.known, "target_share": share, "target": target_of(now, share),
            "over": is_over(now, share), "before": by_hour.get(before, Sum()).as_json(),
            "before_hour": before.astimezone(view.calendar.zone),
            "begun": hour < view.now,
        })  # fmt: skip
    return columns


def _starts(view: View) -> tuple[list[datetime], list[datetime]]:
    """The hours of the day, and the hour of the previous day after the same elapsed time."""
    start, yesterday = view.day_start, view.calendar.start_of(view.day_before)
    count = int((view.day_end - start) / timedelta(hours=1))
    each = [timedelta(hours=number) for number in range(count)]
    return [start + n for n in each], [yesterday + n for n in each]


def _sums(rows: list[ReportRow], key: Any) -> dict[Any, Sum]:
    sums: dict[Any, Sum] = {}
    for row in rows:
        sums.setdefault(key(row), Sum()).add(row)
    return sums


def _lines(
    view: View, aims: Aims, days: list[ReportRow], hours: list[ReportRow],
    newest: dict[str, datetime],
) -> list[dict[str, Any]]:  # fmt: skip
    """The lines, the most expensive first, each with its hours as a sparkline."""
    today = _sums([r for r in days if r.bucket == view.day], lambda r: r.dims["line"])
    before = _sums([r for r in days if r.bucket == view.day_before], lambda r: r.dims["line"])
    month = _sums([r for r in days if _date(r) >= view.month], lambda r: r.dims["line"])
    by_hour = _sums(hours, lambda r: (r.dims["line"], r.bucket))
    starts = _starts(view)[0]
    rows = [
        {
            "line": line,
            **comparison(today.get(line, Sum()), before.get(line, Sum()), aims, line, "day"),
            "month": (of_month := month.get(line, Sum())).as_json(),
            "budget": budget_of(view, of_month, aims.budgets.get(line)),
            "spark": [by_hour.get((line, h), Sum()).copq for h in starts if h < view.now],
            "newest": newest.get(line),
        }
        for line in today.keys() | before.keys() | month.keys()
    ]
    return sorted(rows, key=lambda row: (-row["copq"], row["line"]))


@dataclass(frozen=True, slots=True)
class Newest:
    """When lines last sent events within a week: the newest of all lines, and of each shown line.

    `silent` are the first silent lines; `silence` is the number of all.
    """

    of_all: datetime | None
    by_line: dict[str, datetime]
    silent: list[tuple[str, datetime]]
    silence: int


async def newest_entries(
    reading: Reading, view: View, named: Named, stops: Sequence[OpenStop]
) -> Newest:
    """The newest events. A line with an open stop is not silent."""
    since, until = view.now - alerts.FORGOTTEN_AFTER, view.now - alerts.SILENT_AFTER
    rows = await reading.conn.fetch(
        *_SQL.newest(
            plant=view.plant,
            now=view.now,
            since_day=view.day - _WEEK,
            day=view.day,
            line=view.line,
            named=None if named is None else sorted(named),
            silent_until=until,
            most=alerts.MOST,
            since=since,
            stopped=[stop.line for stop in stops],
        ),
    )
    zone = view.calendar.zone
    by_line = {row["line"]: row["occurred_at"].astimezone(zone) for row in rows}
    silent = [(row["line"], by_line[row["line"]]) for row in rows if row["is_silent"]]
    of_all = rows[0]["newest"].astimezone(zone) if rows else None
    return Newest(of_all, by_line, silent, rows[0]["silence"] if rows else 0)


async def _latest(reading: Reading, view: View) -> list[dict[str, Any]]:
    """The newest standing entries with a cost; entries that a correction reversed are left out."""
    since = view.calendar.start_of(view.day_before)
    failures = list(map(str, FAILURES))
    rows = await reading.conn.fetch(
        *_SQL.latest_entries(
            since=since,
            until=view.day_end,
            plant=view.plant,
            line=view.line,
            categories=failures,
            limit=LATEST,
            **view.groups(),
        )
    )
    latest = [LedgerEntry.of(row) for row in rows]
    return [
        {
            "event_id": e.event_id, "entry_no": e.entry_no,
            "occurred_at": e.occurred_at.astimezone(view.calendar.zone), "line": e.line,
            "product": e.product, "stage": e.stage, "work_unit": e.work_unit,
            "defect_code": e.defect_code, "element": e.element, "net": e.net,
            "currency": e.currency, "formula": why.formula,
        }
        for e, why in await explain_entries(reading.conn, reading.books, latest)
    ]  # fmt: skip


async def _alerts(
    reading: Reading, view: View, aims: Aims, newest: Newest, named: Named, opened: OpenStopCosts
) -> list[alerts.Alert]:
    """Lines over target, silent lines and missing figures.

    A past day has only missing figures, and so has a product group: targets are of lines.
    """
    unpriced = await unpriced_part(reading.conn, view.now, alerts.MOST, view.plant, view.line)
    since = reading.now - ONE_DAY
    refused = (
        await reading.conn.fetch(*_SQL.rejected_since(since=since, limit=alerts.MOST))
        if view.live
        else []
    )
    missing = list(alerts.not_in_the_figures(view, unpriced, refused))
    if not view.live or view.group is not None:
        return missing
    watched = await lines_to_watch(reading.conn, view, named, view.now - _HOUR.length)
    rows = await _last_hour_rows(reading, view, opened, ("line",), watched)
    by_line = _sums(rows, lambda row: row.dims["line"])
    if watched is not None:
        by_line.pop(OTHER, None)
    return [
        *islice(
            alerts.over_target(view, by_line, aims, await _causes(reading, view, by_line, opened)),
            alerts.MOST,
        ),
        *alerts.silent_lines(view, newest.silent, newest.silence),
        *missing,
    ]


async def _causes(
    reading: Reading, view: View, lines: Collection[str], opened: OpenStopCosts
) -> dict[str, Cause]:
    """The main cause of each line in the last hour."""
    start = view.now - _HOUR.length
    return await main_causes(reading.conn, view.plant, lines, start, view.now, opened.accrued)
