"""Open stops and stops over a window's edges as JSON, each with its formula."""

from dataclasses import asdict
from datetime import datetime, timedelta, tzinfo
from typing import Any

import msgspec

from copq.figures.formulas import a_minute, each_minute, lasted, money
from copq.figures.partial_entries import OverEdge, Span, UnbookedShare
from copq.figures.report import zone_of
from copq.ledger.arithmetic import hours_of
from copq.ledger.downtime import element
from copq.rates.book import RateBook
from copq.schemas.priced import Category


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


def edge_json(edge: OverEdge, span: Span, book: RateBook) -> dict[str, Any]:
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
