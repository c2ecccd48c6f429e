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


def entries_json(answer: EntriesAnswer) -> dict[str, Any]:
    """A page as JSON; the first page includes the parts of the whole figure."""
    fields: dict[str, Any] = {
        "at": answer.at,
        "as_of": answer.read_at,
        "next": answer.next and entries_cursor.encode(answer.next),
        "entries": [
            entry_json(entry, why, zone_of(answer.book, entry.plant))
            for entry, why in answer.entries
        ],
    }
    if answer.whole is not None:
        fields |= _whole_json(answer.whole, answer.book, answer.which.plant)
    return fields


def _whole_json(whole: WholeFigure, book: RateBook, plant: str | None) -> dict[str, Any]:
    fields: dict[str, Any] = {
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
        fields["window"] = {"after": start, "to": end}
    return fields


def _figure_json(figure: EntriesFigure) -> dict[str, Any]:
    return {**asdict(figure), "net": figure.net}


def totals_of(parts: list[Part]) -> list[dict[str, Any]]:
    """The sums by currency: currencies are never added."""
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

    `event_text` is its event's bytes as received, `event` the same parsed.
    """
    event = msgspec.json.decode(entry.payload) if entry.payload else None
    return {**fields_of(entry, zone), **asdict(why), "event": event, "event_text": entry.payload}


def fields_of(entry: LedgerEntry, zone: Any) -> dict[str, Any]:
    """All fields of an entry except its event's bytes, in the plant's own time."""
    fields: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    for name in ("occurred_at", "booked_at", "received_at", "dropped_at", "hour"):
        fields[name] = fields[name] and fields[name].astimezone(zone)
    return fields
