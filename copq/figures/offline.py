"""Price a file of events without a database: what the stream would book."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import localcontext
from pathlib import Path
from typing import Any

import msgspec

from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.calendar import next_hour
from copq.ledger.corrections import KnownEvent, ReportedCorrection, Ruling, State, rule
from copq.ledger.downtime import Segment, Stop, element, ended_stops, segments
from copq.ledger.figures import Cell
from copq.posting.id_conflicts import id_taken
from copq.pricing.clock_check import check_not_future
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.schemas.decode import decode
from copq.schemas.priced import Category, Entry, Outcome, StopRate
from copq.schemas.refusal import Refusal, Refused

_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class OfflineEntry:
    """An entry and its event; None if several events may have caused it."""

    event_id: str | None
    plant: str
    line: str
    product: str | None
    occurred_at: datetime
    entry: Entry

    def cell(self) -> Cell:
        """The sums of the entry, without a bucket."""
        e = self.entry
        return Cell(
            bucket=None, plant=self.plant, line=self.line, product=self.product or "",
            element=e.element, category=e.category, currency=e.currency, quantity=e.quantity,
            gross=e.gross, recovered=e.recovered, allowed=e.allowed, net=e.net, seconds=e.seconds,
            base=e.base, good=e.good, ungraded=e.ungraded,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """A refused event; `number` is its place in the file, from 1."""

    number: int
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class UnpricedEvent:
    event_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfflineCorrection:
    """A correction and its state, as far as the file alone can say."""

    event_id: str
    corrects: str
    state: State
    why: str | None


@dataclass(slots=True)
class Offline:
    """The result for each event of a file."""

    entries: list[OfflineEntry] = field(default_factory=list)
    refused: list[RefusedEvent] = field(default_factory=list)
    unpriced: list[UnpricedEvent] = field(default_factory=list)
    open_stops: list[str] = field(default_factory=list)
    """The ids of stops without an end: their cost depends on the clock."""
    corrections: list[OfflineCorrection] = field(default_factory=list)
    events: int = 0
    duplicates: int = 0
    booked_once: set[str] = field(default_factory=set)
    """The keys of entries that several events may cause."""


def read_events(path: Path) -> list[bytes]:
    """The events of a file, each as its own bytes: one per line, or a JSON array.

    Raises `OSError`, and `ValueError` if an array is not JSON.
    """
    data = path.read_bytes()
    if data.lstrip().startswith(b"["):
        return [bytes(raw) for raw in _decode_array(data)]
    return [line for line in data.splitlines() if line.strip()]


def price_offline(raws: Iterable[bytes], book: RateBook, now: datetime) -> Offline:
    """Price events as the stream would: each id once, each daily entry once, stops united.

    Corrections are applied, so events that do not count are left out.
    """
    result = Offline()
    with localcontext(MONEY):
        stops: dict[tuple[str, str], list[Stop]] = defaultdict(list)
        for event in _counting_events(_events(raws, now, result), result):
            _price(event, book, result, stops)
        for (plant, line), line_stops in sorted(stops.items()):
            _add_stops(book, plant, line, line_stops, result)
    return result


def _events(raws: Iterable[bytes], now: datetime, result: Offline) -> Iterator[Any]:
    seen: dict[str, tuple[str, str]] = {}
    for number, raw in enumerate(raws, 1):
        result.events += 1
        try:
            event = decode(raw)
            check_not_future(event, now)
        except Refused as refused:
            result.refused.append(RefusedEvent(number, refused.refusal))
            continue
        place = (event.plant, event.line)
        if (first := seen.setdefault(event.event_id, place)) != place:
            result.refused.append(RefusedEvent(number, id_taken(event.event_id, True)))
        elif first is not place:
            result.duplicates += 1
        else:
            yield event


def _counting_events(events: Iterable[Any], result: Offline) -> Iterator[Any]:
    """The events that count, with replacements in place of the events that they replace."""
    alone = {event.event_id: event for event in events}
    corrections = [event for event in alone.values() if event.event_type == "correction"]
    brought = {
        c.replacement.event_id: c.replacement for c in reversed(corrections) if c.replacement
    }
    stored = alone | {i: event for i, event in brought.items() if i not in alone}
    ruling = _ruling(corrections, stored, alone)
    for correction in corrections:
        state = ruling.state(correction.event_id)
        result.corrections.append(
            OfflineCorrection(correction.event_id, correction.corrects, *state)
        )
    for event_id, event in stored.items():
        if event.event_type != "correction" and ruling.stands(event_id):
            yield event


def _ruling(corrections: list[Any], stored: dict[str, Any], alone: dict[str, Any]) -> Ruling:
    reported = [
        ReportedCorrection(
            c.event_id, c.corrects, brings.event_id if brings else None, c.occurred_at, c.plant,
            c.line, brings.plant if brings else None, brings.line if brings else None,
        )
        for c in corrections
        for brings in (c.replacement,)
    ]  # fmt: skip
    return rule(reported, {i: KnownEvent(e.plant, e.line, i in alone) for i, e in stored.items()})


def _price(
    event: Any, book: RateBook, result: Offline, stops: dict[tuple[str, str], list[Stop]]
) -> None:
    pricing = price(event, book)
    if pricing.outcome == Outcome.UNPRICED:
        result.unpriced.append(UnpricedEvent(event.event_id, pricing.reason or ""))
    elif pricing.stop is not None:
        stops[event.plant, event.line].append(_stop(event, pricing.stop))
    else:
        _add_entries(event, pricing.entries, result)


def _add_entries(event: Any, entries: list[Entry], result: Offline) -> None:
    for entry in entries:
        if entry.once in result.booked_once:
            continue
        if entry.once is not None:
            result.booked_once.add(entry.once)
        event_id = None if entry.once else event.event_id
        at = entry.at or event.occurred_at
        offline_entry = OfflineEntry(event_id, event.plant, event.line, event.product, at, entry)
        result.entries.append(offline_entry)


def _stop(event: Any, rate: StopRate) -> Stop:
    return Stop(
        event.event_id, event.work_unit, event.product, event.defect_code, event.shift,
        event.started_at, event.ended_at, event.planned, rate.per_hour, rate.currency,
        rate.rate_version,
    )  # fmt: skip


def _add_stops(book: RateBook, plant: str, line: str, stops: list[Stop], result: Offline) -> None:
    ended = ended_stops(stops)
    known = {(stop.work_unit, stop.started_at) for stop in ended}
    result.open_stops += [
        s.event_id for s in stops if s.ended_at is None and (s.work_unit, s.started_at) not in known
    ]
    ends = [stop.ended_at for stop in ended if stop.ended_at is not None]
    if not ends:
        return
    calendar = book.sites[plant].calendar
    start = calendar.bucket(min(stop.started_at for stop in ended)).hour
    for segment in segments(ended, calendar, start, next_hour(calendar, max(ends))):
        bucket = calendar.bucket(segment.start)
        entry = _downtime(segment, *bucket)
        stop = segment.stop
        offline_entry = OfflineEntry(stop.event_id, plant, line, stop.product, segment.start, entry)
        result.entries.append(offline_entry)


def _downtime(segment: Segment, hour: datetime, day: Any) -> Entry:
    stop = segment.stop
    return Entry(
        element(stop), Category.INTERNAL_FAILURE, ZERO, segment.cost, ZERO, ZERO, segment.cost,
        segment.seconds, ZERO, ZERO, ZERO, stop.currency, stop.rate_version, hour, day,
        line_version=stop.rate_version,
    )  # fmt: skip
