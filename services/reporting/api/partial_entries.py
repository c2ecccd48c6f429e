"""`open_stops`, `edges` and `figures` of `/v1/entries`: what makes the entries the whole figure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, tzinfo
from decimal import localcontext
from typing import Any

import msgspec

from schemas.priced import Category
from services.figures.edges import FIRST, LAST, in_order, instant
from services.figures.entries import EntryFilter
from services.figures.formulas import a_minute, each_minute, lasted, money
from services.figures.partial_entries import (
    OverEdge,
    Span,
    UnbookedShare,
    over_edges,
    unbooked_shares,
)
from services.figures.report import zone_of
from services.figures.trailing import WINDOWS
from services.ledger.arithmetic import MONEY, ZERO, hours_of
from services.ledger.downtime import element
from services.rates.book import RateBook
from services.reporting.source import Reading

_NAMED = {window.key: window.length for window in WINDOWS}


def trailing_span(trailing: str, at: str, zone: tzinfo, now: datetime) -> Span:
    """The trailing window up to `at`, else up to now. Raises `ValueError` on what is none."""
    end = instant(at, zone) or now
    if end > now + timedelta(minutes=1):
        raise ValueError(f"at is yet to come: {end.isoformat()}")
    return Span(end - _NAMED[trailing], end)


def instants_span(start: str, end: str, zone: tzinfo) -> Span | None:
    """Where `from` or `to` is an instant; one may be left out. None where they are days."""
    if "T" not in start and "T" not in end:
        return None
    since, until = instant(start, zone) or FIRST, instant(end, zone) or LAST
    in_order(since, until)
    return Span(since, until, trailing=False)


async def partial_entries(
    reading: Reading,
    which: EntryFilter,
    totals: Sequence[dict[str, Any]],
    span: Span | None,
    read_at: datetime,
) -> dict[str, Any]:
    """What is not an entry of the question, and what all of it comes to, by currency."""
    stops, edges = await stops_beside(reading, which, span, read_at)
    said: dict[str, Any] = {
        "open_stops": [so_far_json(stop, reading.book) for stop in stops],
        "edges": [_edge_json(edge, span, reading.book) for edge in edges if span],
        "figures": _figures(totals, stops, edges),
    }
    if span and span.trailing:
        zone = zone_of(reading.book, which.plant)
        said["window"] = {"after": span.start.astimezone(zone), "to": span.end.astimezone(zone)}
    return said


async def stops_beside(
    reading: Reading, which: EntryFilter, span: Span | None, read_at: datetime
) -> tuple[list[UnbookedShare], list[OverEdge]]:
    """The stops that are open, up to the window's end, and those over its edges.

    None where entries are asked for as they were booked in a month: no open stop is.
    """
    if which.period or which.first_reported:
        return [], []
    at = min(span.end, reading.now) if span else reading.now
    stops = await unbooked_shares(reading.conn, reading.book, which, at, span)
    return stops, await over_edges(reading.conn, which, span, read_at) if span else []


def _figures(
    totals: Iterable[dict[str, Any]], stops: Iterable[UnbookedShare], edges: Iterable[OverEdge]
) -> list[dict[str, Any]]:
    """Of each currency, what the entries, the edges and the open stops come to; never added."""
    sums: dict[str, dict[str, Any]] = {}
    parts = [
        *((total["currency"], "booked", total["net"]) for total in totals),
        *((edge.entry.currency, "edges", edge.adds) for edge in edges),
        *((found.stop.currency, "open_stops", found.net) for found in stops),
    ]
    with localcontext(MONEY):
        for currency, part, net in parts:
            zeros = {"currency": currency, "booked": ZERO, "edges": ZERO, "open_stops": ZERO}
            figure = sums.setdefault(currency, {**zeros, "net": ZERO})
            figure[part] += net
            figure["net"] += net
    return list(sums.values())


def so_far_json(found: UnbookedShare, book: RateBook) -> dict[str, Any]:
    """As of an entry; `event_text` is the event's bytes as received."""
    zone = zone_of(book, found.plant)
    said = {
        **asdict(found.stop), "plant": found.plant, "line": found.line,
        "element": element(found.stop), "category": Category.INTERNAL_FAILURE,
        "hours": hours_of(found.seconds), "seconds": found.seconds, "net": found.net,
        "received_at": found.received_at,
    }  # fmt: skip
    for name in ("started_at", "ended_at", "received_at"):
        said[name] = said[name] and said[name].astimezone(zone)
    event = msgspec.json.decode(found.payload) if found.payload else None
    return {
        **said, "formula": _so_far_in_words(found),
        "note": "open, not booked yet" if found.is_open else "another open stop has its time",
        "terms": _terms(found, book), "event": event, "event_text": found.payload,
    }  # fmt: skip


def _so_far_in_words(found: UnbookedShare) -> str:
    """What it has cost so far, with the numbers in it."""
    each = each_minute(found.stop.per_hour)
    formula = f"{lasted(found.seconds)} × {each} = {money(abs(found.net), found.stop.currency)}"
    return formula if found.is_open else f"−({formula})"


def _terms(found: UnbookedShare, book: RateBook) -> list[str]:
    stop = found.stop
    each = a_minute(stop.per_hour, element(stop), found.line)
    if not found.is_open:
        return [each, "booked with this stop; another stop, which is open, has the time now"]
    rates = book.line_rate(found.plant, found.line, stop.started_at)
    origin = f"rate version {stop.rate_version}, in {stop.currency}"
    since = (
        f"; the line's rate is in force from {rates.item.effective_from.date()}" if rates else ""
    )
    return [each, "the time so far that no other stop of the line has", origin + since]


def _edge_json(edge: OverEdge, span: Span, book: RateBook) -> dict[str, Any]:
    """What of the entry counts; `adds` is what the list lacks of it, or has too much."""
    entry = edge.entry
    zone = zone_of(book, entry.plant)
    named = (
        "event_id", "entry_no", "reverses", "plant", "line", "product", "work_unit", "defect_code",
        "shift", "element", "category", "currency", "rate_version", "hours", "seconds",
        "net",
    )  # fmt: skip
    return {
        **{name: getattr(entry, name) for name in named},
        "occurred_at": entry.occurred_at.astimezone(zone), 
        "counted_hours": hours_of(edge.seconds), "counted_seconds": edge.seconds,
        "counted": edge.net, "adds": edge.adds, "formula": _share_in_words(edge, span, zone),
    }  # fmt: skip


def _share_in_words(edge: OverEdge, span: Span, zone: tzinfo) -> str:
    """`17 min of 20 min, those after 04:08:12: 240.00 × 17 min / 20 min = 204.00`."""
    entry = edge.entry
    edges = []
    if not edge.listed:
        edges.append(f"after {_clock(span.start, span, zone)}")
    if edge.lasts_on:
        edges.append(f"up to {_clock(span.end, span, zone)}")
    where = " and ".join(edges)
    whole, part, net = lasted(entry.seconds), lasted(edge.seconds), money(entry.net, entry.currency)
    share = money(edge.net, entry.currency)
    counted = f"{part} of {whole}, those {where}: {net} × {part} / {whole} = {share}"
    return f"{counted}; listed below with {net}" if edge.listed else counted


def _clock(at: datetime, span: Span, zone: tzinfo) -> str:
    of_day = "" if span.end - span.start < timedelta(days=1) else "%Y-%m-%d "
    return at.astimezone(zone).strftime(f"{of_day}%H:%M:%S")
