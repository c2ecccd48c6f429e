"""The entries behind a figure as JSON, in the plant's own time."""

from dataclasses import asdict
from decimal import localcontext
from typing import Any

import msgspec

from copq.figures import entries_cursor
from copq.figures.entries import LedgerEntry, Part
from copq.figures.entries_answer import EntriesAnswer, EntriesFigure, WholeFigure
from copq.figures.explain import Explained
from copq.figures.partial_entries_json import edge_json, so_far_json
from copq.figures.report import zone_of
from copq.ledger.arithmetic import MONEY, hours_of
from copq.rates.book import RateBook

FIELDS = tuple(
    column
    for name in LedgerEntry.__dataclass_fields__
    if name != "payload"
    for column in (("hours", name) if name == "seconds" else (name,))
)
_SUMMED = (
    "entries", "lines", "quantity", "gross", "recovered", "allowed", "net", "seconds", "base",
)  # fmt: skip


def entries_json(found: EntriesAnswer) -> dict[str, Any]:
    """The page; the first one with what the whole figure is made of."""
    said: dict[str, Any] = {
        "at": found.at,
        "as_of": found.read_at,
        "next": found.next and entries_cursor.encode(found.next),
        "entries": [
            entry_json(entry, why, zone_of(found.book, entry.plant)) for entry, why in found.entries
        ],
    }
    if found.whole is not None:
        said |= _whole_json(found.whole, found.book, found.which.plant)
    return said


def _whole_json(whole: WholeFigure, book: RateBook, plant: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "totals": totals_of(whole.parts),
        "parts": [{**asdict(part), "hours": hours_of(part.seconds)} for part in whole.parts],
        "open_stops": [so_far_json(stop, book) for stop in whole.open_stops.shown],
        "open_stops_total": whole.open_stops.total,
        "edges": [edge_json(edge, whole.span, book) for edge in whole.edges.shown if whole.span],
        "edges_total": whole.edges.total,
        "figures": [_figure_json(figure) for figure in whole.figures],
    }
    if whole.span and whole.span.trailing:
        zone = zone_of(book, plant)
        start, end = (at.astimezone(zone) for at in (whole.span.start, whole.span.end))
        said["window"] = {"after": start, "to": end}
    return said


def _figure_json(figure: EntriesFigure) -> dict[str, Any]:
    return {**asdict(figure), "net": figure.net}


def totals_of(parts: list[Part]) -> list[dict[str, Any]]:
    """One for each currency: they are never added."""
    totals: dict[str, dict[str, Any]] = {}
    with localcontext(MONEY):
        for part in parts:
            one = totals.setdefault(part.currency, {"currency": part.currency})
            for name in _SUMMED:
                one[name] = one.get(name, 0) + getattr(part, name)
            one["hours"] = hours_of(one["seconds"])
    return list(totals.values())


def entry_json(entry: LedgerEntry, why: Explained, zone: Any) -> dict[str, Any]:
    """An entry as JSON, in the plant's own time.

    `event_text` is its event's bytes as received, `event` the same read.
    """
    event = msgspec.json.decode(entry.payload) if entry.payload else None
    return {**fields_of(entry, zone), **asdict(why), "event": event, "event_text": entry.payload}


def fields_of(entry: LedgerEntry, zone: Any) -> dict[str, Any]:
    """All of an entry but its event's bytes, in the plant's own time."""
    said: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    for name in ("occurred_at", "booked_at", "received_at", "dropped_at", "hour"):
        said[name] = said[name] and said[name].astimezone(zone)
    return said
