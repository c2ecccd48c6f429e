"""The events of an entry, and the corrections that withdraw them."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from copq.ingest.form.entry import Entry, reject_field
from copq.ingest.form.problem import MINUTES

_encode = msgspec.json.Encoder(decimal_format="number").encode
SOURCE = "form"


@dataclass(frozen=True, slots=True)
class EntryEvent:
    """An event as bytes, and its field in the form."""

    field: str
    raw: bytes


def entry_id(sender: str | None, submission: str) -> str:
    """The id of one submission of one sender: the same if sent again, and unique."""
    return sha256(f"{sender or ''}\0{submission}".encode()).hexdigest()[:32]


def events_of(entry: Entry, entry_id: str, sender: str | None) -> list[EntryEvent]:
    """One event for each fact, at the start of its period: on its day, never in the future."""
    common = _common(entry, sender)
    return [
        EntryEvent(field, _encode({"event_id": f"form-{entry_id}-{part}", **facts, **common}))
        for part, field, facts in _facts(entry)
    ]


def _common(entry: Entry, sender: str | None) -> dict[str, Any]:
    sheet, period = entry.sheet, entry.period
    return {
        "occurred_at": period.start.isoformat(),
        "plant": sheet.plant,
        "line": sheet.line,
        "product": sheet.product,
        **({"shift": entry.shift} if entry.shift else {}),
        "source": sender or SOURCE,
        "attributes": {"from": period.start.isoformat(), "to": period.end.isoformat()},
    }


def _facts(entry: Entry) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The suffix of the event's id, the field, and the content of the event."""
    amounts = entry.amounts
    if amounts["produced"]:
        yield "made", "produced", _fact("production", amounts["produced"], good=amounts["good"])
    for reject in entry.rejects:
        why = {"stage": reject.stage, "defect_code": reject.defect_code}
        fact = _fact("defect", reject.units, **why)
        yield f"rejected-{reject.number}", reject_field(reject.stage), fact
    if sent_back := amounts["sent_back"]:
        spent = {"scrapped": amounts["scrapped"], "transport": amounts["transport"]}
        yield "sent-back", "sent_back", _fact("return", sent_back, **spent)
    site = entry.on_site
    if handled := site.reworked + site.scrapped:
        spent = {"scrapped": site.scrapped, "travel": amounts["travel"]}
        yield "on-site", "reworked_on_site", _fact("return", handled, on_site=True, **spent)
    if entry.problem.has_effort:
        yield "problem", MINUTES, entry.problem.facts


def _fact(event_type: str, quantity: Any, **more: Any) -> dict[str, Any]:
    given = {name: value for name, value in more.items() if value}
    return {"event_type": event_type, "quantity": quantity, **given}


def withdrawals(events: list[str], reason: str) -> list[bytes]:
    """Corrections that void these events; the same events give the same corrections."""
    return [
        _encode(
            {
                "event_id": f"{raw['event_id']}-withdrawn",
                "event_type": "correction",
                "occurred_at": raw["occurred_at"],
                "plant": raw["plant"],
                "line": raw["line"],
                "product": raw["product"],
                "source": raw["source"],
                "corrects": raw["event_id"],
                "reason": reason,
            }
        )
        for raw in map(msgspec.json.decode, events)
    ]
