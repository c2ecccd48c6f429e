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


def so_far_json(share: UnbookedShare, book: RateBook) -> dict[str, Any]:
    """An open stop in the form of an entry; `event_text` is the event's bytes as received."""
    zone = zone_of(book, share.plant)
    fields = {
        **asdict(share.stop), "plant": share.plant, "line": share.line,
        "element": element(share.stop), "category": Category.INTERNAL_FAILURE,
        "hours": hours_of(share.seconds), "seconds": share.seconds, "net": share.net,
        "received_at": share.received_at,
    }  # fmt: skip
    for name in ("started_at", "ended_at", "received_at"):
        fields[name] = fields[name] and fields[name].astimezone(zone)
    event = msgspec.json.decode(share.payload) if share.payload else None
    return {
        **fields, "formula": _so_far_in_words(share),
        "note": "open, not booked yet" if share.is_open else "another open stop has its time",
        "terms": _terms(share, book), "event": event, "event_text": share.payload,
    }  # fmt: skip


def _so_far_in_words(share: UnbookedShare) -> str:
    """The formula of the cost so far, with numbers."""
    each = each_minute(share.stop.per_hour)
    formula = f"{lasted(share.seconds)} × {each} = {money(abs(share.net), share.stop.currency)}"
    return formula if share.is_open else f"−({formula})"


def _terms(share: UnbookedShare, book: RateBook) -> list[str]:
    stop = share.stop
    each = a_minute(stop.per_hour, element(stop), share.line)
    if not share.is_open:
        return [each, "booked with this stop; another stop, which is open, has the time now"]
    rates = book.line_rate(share.plant, share.line, stop.started_at)
    origin = f"rate version {stop.rate_version}, in {stop.currency}"
    since = (
        f"; the line's rate is in force from {rates.item.effective_from.date()}" if rates else ""
    )
    return [each, "the time so far that no other stop of the line has", origin + since]


def edge_json(edge: OverEdge, span: Span, book: RateBook) -> dict[str, Any]:
    """The counted part of an entry; `adds` is the difference to the listed entries."""
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
