"""Proof that the figures follow from the events: everything is computed again and compared."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection, Record

from copq.audit.anchoring import verify_anchors
from copq.audit.tables import untraced_rows
from copq.database.queries import Queries
from copq.figures.recomputing import ALL, Progress, Reach, recompute_entries
from copq.figures.unbooked import unbooked
from copq.figures.verify_corrections import corrected
from copq.figures.verify_measured import measured_projects
from copq.figures.verify_projects import frozen_projects
from copq.figures.verify_standing_costs import standing_cost_days
from copq.ledger.arithmetic import MONEY
from copq.ledger.calendar import Calendar, next_hour
from copq.ledger.difference import Difference
from copq.ledger.downtime import TOLERANCE, Segment, Stop, element, end_of, ended_stops, segments
from copq.periods.proof import closed_periods
from copq.posting.stops import stop_durations, stop_of
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.summary.verifying import verify_summary

_SQL = Queries.of(__file__)
_FIGURES = (
    "entries", "quantity", "gross", "recovered", "allowed", "net", "seconds", "base", "good",
    "ungraded",
    "reporting_gross", "reporting_recovered", "reporting_net", "reporting_base", "unconverted",
)  # fmt: skip


async def verify(
    conn: Connection, reach: Reach = ALL, progress: Progress = lambda _: None
) -> list[Difference]:
    """All differences, in one snapshot: it may run while events arrive.

    It compares entries with their events' bytes and rates (the entries in `reach`; the other checks
    cover all), rollups of all grains and the summary with the ledger, keys with entries, reversals
    with the entries that they reverse, exchange rates with the imported ones, booked downtime with
    the union of the stops, the corrections in force with the events that count, the entries of
    standing costs with the days that bear them, closed months with their signed figures, what
    approval froze of projects with plan, promise and ledger (the baseline of those in `reach`),
    audited tables with the audit trail, and all of these with the anchors.
            *await measured_projects(conn, reach),
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        book = await load(conn)
        return [
            *map(_rollup, await conn.fetch(*_SQL.verify_rollups())),
            *await verify_summary(conn),
            *map(_keyless, await conn.fetch(*_SQL.verify_keys())),
            *map(_twice, await conn.fetch(*_SQL.verify_twice())),
            *map(_reversal, await conn.fetch(*_SQL.verify_reversals())),
            *map(_exchange, await conn.fetch(*_SQL.verify_exchange())),
            *await _downtime(conn, book),
            *await corrected(conn, book),
            *await standing_cost_days(conn),
            *await closed_periods(conn),
            *await frozen_projects(conn, book, reach),
            *await measured_projects(conn, reach),
            *await untraced_rows(conn),
            *await recompute_entries(conn, reach, progress),
            *await unbooked(conn, reach),
            *await verify_anchors(conn),
        ]


def _rollup(row: Record) -> Difference:
    names = ("grain", "plant", "line", "product", "element", "category", "currency", "day", "hour")
    sides = (_side(row, "ledger"), _side(row, "rollup"))
    if None not in sides:
        sides = _unlike(*sides)
    return Difference("rollup", {name: row[name] for name in names}, *sides)


def _side(row: Record, side: str) -> dict[str, Any] | None:
    if row[f"{side}_entries"] is None:
        return None
    return {name: row[f"{side}_{name}"] for name in _FIGURES}


def _unlike(expected: Any, found: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in _FIGURES if expected[name] != found[name]]
    return {name: expected[name] for name in names}, {name: found[name] for name in names}


def _keyless(row: Record) -> Difference:
    return Difference("event_key", dict(row), {"event_key": 1}, None)


def _twice(row: Record) -> Difference:
    subject = {"event_id": row["event_id"], "entry_no": row["entry_no"]}
    return Difference("entry_twice", subject, {"entries": 1}, {"entries": row["entries"]})


def _reversal(row: Record) -> Difference:
    values = dict(row)
    found = {"entries_it_takes_back": values.pop("taken_back")}
    return Difference("reversal", values, {"entries_it_takes_back": 1}, found)


def _exchange(row: Record) -> Difference:
    values = dict(row)
    found = {"exchange_rate": values.pop("exchange_rate")}
    return Difference("exchange_rate", values, {"exchange_rate": "one that was imported"}, found)


Key = tuple[str, datetime, str, str, str, Decimal, Decimal]


async def _downtime(conn: Connection, book: RateBook) -> list[Difference]:
    differences: list[Difference] = []
    for row in await conn.fetch(*_SQL.verify_stop_lines()):
        differences += await _line_downtime(conn, book, row["plant"], row["line"])
    return differences


async def _line_downtime(
    conn: Connection, book: RateBook, plant: str, line: str
) -> list[Difference]:
    site = book.sites.get(plant)
    if site is None:
        subject = {"plant": plant, "line": line}
        return [Difference("downtime", subject, {"plant": "in the rate book"}, None)]
    stop_rows = await conn.fetch(*_SQL.verify_stops(plant=plant, line=line))
    stops = [stop_of(row) for row in stop_rows]
    expected = Counter(map(_segment_key, union(stops, site.calendar)))
    rows = await conn.fetch(*_SQL.verify_downtime(plant=plant, line=line))
    booked = Counter({_booked_key(row): row["standing"] for row in rows})
    keys = sorted(expected.keys() | booked.keys())
    return [
        *_duration_differences(plant, line, stop_rows),
        *(
            _segment(plant, line, key, expected[key], booked[key])
            for key in keys
            if expected[key] != booked[key]
        ),
    ]


def _duration_differences(plant: str, line: str, stop_rows: list[Record]) -> Iterator[Difference]:
    """Stops whose stored duration differs from that of their pieces."""
    ended = [row for row in stop_rows if row["ended_at"] is not None]
    expected = stop_durations(map(stop_of, ended))
    for row in ended:
        stored = row["began_at"], row["over_at"]
        if expected[row["event_id"]] != stored:
            names = ("began_at", "over_at")
            sides = (
                dict(zip(names, span, strict=True)) for span in (expected[row["event_id"]], stored)
            )
            yield Difference(
                "stop", {"plant": plant, "line": line, "event_id": row["event_id"]}, *sides
            )


def union(stops: Iterable[Stop], calendar: Calendar) -> Iterator[Segment]:
    """The union of all ended stops of a line, one group of touching stops at a time."""
    with localcontext(MONEY):
        for group in _groups(ended_stops(stops)):
            last = max(end_of(stop) for stop in group)
            start = calendar.bucket(group[0].started_at).hour
            yield from segments(group, calendar, start, next_hour(calendar, last))


def _groups(stops: list[Stop]) -> Iterator[list[Stop]]:
    """Groups of touching stops, since the time of a union grows with the square of their number."""
    group: list[Stop] = []
    last = datetime.min.replace(tzinfo=UTC)
    for stop in sorted(stops, key=lambda s: s.started_at):
        if group and stop.started_at > last + TOLERANCE:
            yield group
            group = []
        group.append(stop)
        last = max(last, end_of(stop))
    if group:
        yield group


def _segment_key(segment: Segment) -> Key:
    stop = segment.stop
    return (
        stop.event_id, segment.start, element(stop), stop.product or "", stop.currency,
        segment.seconds, segment.cost,
    )  # fmt: skip


def _booked_key(row: Record) -> Key:
    return (
        row["event_id"], row["occurred_at"], row["element"], row["product"], row["currency"],
        row["seconds"], row["gross"],
    )  # fmt: skip


def _segment(plant: str, line: str, key: Key, expected: int, booked: int) -> Difference:
    event_id, start, name, _, currency, seconds, cost = key
    subject = {"plant": plant, "line": line, "event_id": event_id, "from": start, "element": name}
    figures = {"seconds": seconds, "cost": cost, "currency": currency}
    sides = [{**figures, "times": times} if times else None for times in (expected, booked)]
    return Difference("downtime", subject, *sides)
