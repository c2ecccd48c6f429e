"""Stops in the ledger: a line's union of stops is booked, and booked again when it changes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.calendar import Calendar, next_hour, this_hour
from copq.ledger.downtime import (
    TOLERANCE,
    Segment,
    Stop,
    Whole,
    element,
    end_of,
    ended_stops,
    segments_of,
    wholes,
)
from copq.posting.batch import NO_CAUSE, Cause, Special, known_row
from copq.posting.event_entries import reversal
from copq.posting.near_stops import Kept, Lasting, Span, join_near, lasting_of, touches
from copq.rates.book import RateBook
from copq.schemas.decode import decode_strictly
from copq.schemas.events import Downtime
from copq.schemas.priced import Category

_SQL = Queries.of(__file__)

_LOCK_LINE = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
_CHANGED = Cause("the line's stops changed")
Lines = dict[tuple[str, str], Span]


async def add_stops(conn: Connection, stops: list[Special]) -> Lines:
    """Store the stops. Return their lines, each with the time that the stops touch."""
    events = [(decode_strictly(stop.raw), stop.stop) for stop in stops]
    await conn.executemany(
        *_SQL.add_stops.rows(
            {
                "event_id": e.event_id, "plant": e.plant, "line": e.line, "product": e.product,
                "work_unit": e.work_unit, "defect_code": e.defect_code, "shift": e.shift,
                "started_at": e.started_at, "ended_at": e.ended_at, "planned": e.planned,
                "per_hour": Decimal(rate.per_hour), "currency": rate.currency,
                "rate_version": rate.rate_version,
            }
            for e, rate in events if isinstance(e, Downtime) and rate is not None
        )
    )  # fmt: skip
    return touched(
        (e.plant, e.line, e.started_at, e.ended_at) for e, _ in events if isinstance(e, Downtime)
    )


async def reprice_stops(conn: Connection, stops: Mapping[str, Special]) -> list[Record]:
    """Give stored stops, by id, the rates in `stops`. A stop without a rate is deleted.

    Returns the stops that changed. Call `rebook` to change the costs of their lines.
    """
    rated = [(event_id, s.stop) for event_id, s in stops.items() if s.stop is not None]
    bare = [event_id for event_id, s in stops.items() if s.stop is None]
    changed: list[Record] = await conn.fetch(
        *_SQL.change_stops(
            ids=[i for i, _ in rated],
            per_hour=[Decimal(r.per_hour) for _, r in rated],
            currencies=[r.currency for _, r in rated],
            rate_versions=[r.rate_version for _, r in rated],
        ),
    )
    return changed + (await conn.fetch(*_SQL.drop_stops(ids=bare)) if bare else [])


def touched(stops: Iterable[tuple[str, str, datetime, datetime | None]]) -> Lines:
    """The lines of ended stops with their time. Open stops are not booked, but added on reading."""
    spans: Lines = {}
    for plant, line, started_at, ended_at in stops:
        if ended_at is not None:
            start, end = spans.get((plant, line), (started_at, ended_at))
            spans[plant, line] = (min(start, started_at), max(end, ended_at))
    return spans


def together(*spans: Lines) -> Lines:
    """All lines, each with the time from the earliest start to the latest end."""
    return touched((*line, *span) for lines in spans for line, span in lines.items())


async def rebook(
    conn: Connection, lines: Lines, book: RateBook, causes: Mapping[str, Cause],
    otherwise: Cause | None = None, only_new: Collection[tuple[str, str]] = (),
) -> list[str]:  # fmt: skip
    """The rows that correct the booked downtime of these lines.

    `causes` says why for stops that a correction voids or brings; `otherwise` for all others. In
    the lines of `only_new` stops were only added, never changed or voided.
    """
    rows: list[str] = []
    why = _Why(causes, otherwise or _CHANGED, otherwise or NO_CAUSE)
    for (plant, line), (start, end) in sorted(lines.items()):
        calendar = book.sites[plant].calendar
        whole = (this_hour(calendar, start), next_hour(calendar, end))
        await conn.execute(_LOCK_LINE, f"{plant}/{line}")
        near = (plant, line) in only_new and await _near(conn, plant, line, whole)
        read = near or await _all(conn, plant, line, calendar, whole)
        rows += await _rebook_line(conn, plant, line, calendar, read, why)
    return rows


class _Found(NamedTuple):
    """The whole stops of a line within whole hours, and the stops that were read for them."""

    wholes: list[Whole]
    span: Span
    stops: list[Stop]


async def _rebook_line(
    conn: Connection, plant: str, line: str, calendar: Calendar, found: _Found, why: "_Why"
) -> list[str]:
    wanted = {_key(s): s for s in segments_of(found.wholes, calendar, *found.span)}
    since, until = _reach(found.stops, found.span)
    booked = await conn.fetch(
        *_SQL.booked_downtime(plant=plant, line=line, since=since, until=until)
    )
    ledger = _Booked(booked, found.span, why)
    rows = [ledger.reversal(entry) for key, entry in ledger.live.items() if key not in wanted]
    new = [segment for key, segment in wanted.items() if key not in ledger.live]
    return rows + [ledger.entry(segment, plant, line, calendar) for segment in new]


async def _near(conn: Connection, plant: str, line: str, span: Span) -> _Found | None:
    """From only the stops that touch the time; None if these are not enough."""
    rows = await conn.fetch(
        *_SQL.stops_near(plant=plant, line=line, since=span[0], until=span[1], tolerance=TOLERANCE)
    )
    near = join_near((Kept(stop_of(r), r["began_at"], r["over_at"]) for r in rows), span)
    if near is None:
        return None
    await _keep_wholes(conn, rows, near.lasting)
    stops = [stop_of(row) for row in rows if touches(row["started_at"], row["ended_at"], span)]
    return _Found(near.wholes, span, stops)


async def _all(conn: Connection, plant: str, line: str, calendar: Calendar, span: Span) -> _Found:
    """From all pieces of each stop that touches the time."""
    rows, span = await _stops_of(conn, plant, line, calendar, span)
    stops = [stop_of(row) for row in rows]
    await _keep_wholes(conn, rows, stop_durations(stops))
    return _Found(wholes(ended_stops(stops)), span, stops)


async def _stops_of(
    conn: Connection, plant: str, line: str, calendar: Calendar, span: Span
) -> tuple[list[Record], Span]:
    """The stops of a line that touch the time. The time is widened to each whole stop that a piece
    in it may have made longer or shorter."""
    rows = await stops_between(conn, plant, line, span)
    start, end = span
    for whole in wholes(ended_stops(map(stop_of, rows))):
        if touches(whole.started_at, whole.ended_at, span) and not _covers(whole, span):
            start, end = min(start, whole.started_at), max(end, whole.ended_at)
    if (start, end) == span:
        return rows, span
    wide = this_hour(calendar, start), next_hour(calendar, end)
    return await stops_between(conn, plant, line, wide), wide


def _covers(whole: Whole, span: Span) -> bool:
    """Whether one piece covers the whole span: then pieces within it make no difference."""
    return any(
        piece.started_at < span[0] - TOLERANCE and end_of(piece) > span[1] + TOLERANCE
        for piece in whole.pieces
    )


async def stops_between(conn: Connection, plant: str, line: str, span: Span) -> list[Record]:
    """The ended stops of a line that touch the time, each with all of its pieces."""
    found: list[Record] = await conn.fetch(
        *_SQL.stops_between(
            plant=plant, line=line, since=span[0], until=span[1], tolerance=TOLERANCE
        )
    )
    return found


def stop_of(row: Any) -> Stop:
    return Stop(**{name: row[name] for name in Stop.__dataclass_fields__})


async def _keep_wholes(conn: Connection, rows: list[Record], lasted: Mapping[str, Lasting]) -> None:
    """Store when each whole stop began and was over, where this has changed."""
    kept = {row["event_id"]: (row["began_at"], row["over_at"]) for row in rows}
    changed = {event_id: span for event_id, span in lasted.items() if kept[event_id] != span}
    if changed:
        spans = changed.values()
        began, over = [span[0] for span in spans], [span[1] for span in spans]
        await conn.execute(*_SQL.set_wholes(ids=list(changed), began=began, over=over))


def stop_durations(stops: Iterable[Stop]) -> dict[str, Lasting]:
    """The stored facts of each ended report: when the whole stop began and, for its first piece,
    when it was over. A report that another report of the same stop overrides is not a piece."""
    known = list(stops)
    durations: dict[str, Lasting] = {stop.event_id: (stop.started_at, None) for stop in known}
    for whole in wholes(ended_stops(known)):
        durations |= lasting_of(whole)
    return durations


def _reach(stops: list[Stop], span: Span) -> Span:
    """The span, extended to all of its stops: their entries outside it have used up numbers."""
    ended = [(stop.started_at, stop.ended_at) for stop in stops if stop.ended_at is not None]
    first = min([span[0], *(start for start, _ in ended)])
    return first, max([span[1], *(end for _, end in ended)])


class _Why(NamedTuple):
    """Why the time of stops is booked: for some stops by id, and for all others."""

    causes: Mapping[str, Cause]
    taken_back: Cause
    booked: Cause


Key = tuple[str, datetime, Decimal, Decimal]


def _key(segment: Segment) -> Key:
    return segment.stop.event_id, segment.start, segment.seconds, segment.cost


class _Booked:
    """A line's booked downtime: the standing entries and, for each event, the numbers in use and
    the correction that brought it."""

    def __init__(self, entries: list[Record], span: Span, why: "_Why") -> None:
        self.why = why
        self.last: dict[str, int] = defaultdict(int)
        newest = sorted((e for e in entries if e["reverses"] is None), key=itemgetter("entry_no"))
        self.corrected_by = {e["event_id"]: e["corrected_by"] for e in newest}
        reversed_ = {(e["event_id"], e["reverses"]) for e in entries if e["reverses"] is not None}
        self.live: dict[Key, Record] = {}
        for e in entries:
            self.last[e["event_id"]] = max(self.last[e["event_id"]], e["entry_no"])
            stands = e["reverses"] is None and (e["event_id"], e["entry_no"]) not in reversed_
            if stands and span[0] <= e["occurred_at"] < span[1]:
                self.live[(e["event_id"], e["occurred_at"], e["seconds"], e["gross"])] = e

    def _number(self, event_id: str) -> int:
        self.last[event_id] += 1
        return self.last[event_id]

    def reversal(self, entry: Record) -> str:
        """The row that reverses an entry, at its booked figures."""
        cause = self.why.causes.get(entry["event_id"], self.why.taken_back)
        return reversal(entry, self._number(entry["event_id"]), cause)

    def entry(self, segment: Segment, plant: str, line: str, calendar: Calendar) -> str:
        stop = segment.stop
        hour, day = calendar.bucket(segment.start)
        values: dict[str, Any] = {
            "event_id": stop.event_id, "occurred_at": segment.start, "plant": plant, "line": line,
            "product": stop.product, "work_unit": stop.work_unit, "defect_code": stop.defect_code,
            "shift": stop.shift, "entry_no": self._number(stop.event_id),
            "element": element(stop), "category": Category.INTERNAL_FAILURE, "quantity": 0,
            "gross": segment.cost, "recovered": 0, "allowed": 0, "net": segment.cost,
            "seconds": segment.seconds, "base": 0, "good": 0, "ungraded": 0,
            "currency": stop.currency, "rate_version": stop.rate_version,
            "line_version": stop.rate_version, "hour": hour, "day": day,
        }  # fmt: skip
        cause = self.why.causes.get(stop.event_id, self.why.booked)
        kept = cause.keeping(self.corrected_by.get(stop.event_id))
        return known_row({**values, **kept._asdict()})
