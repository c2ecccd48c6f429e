"""A batch of priced events as rows for `COPY`: text in the form Postgres reads, nothing else.

One row an entry, or one for an event that has no entry. `role` says how a row is posted:
`g` (gate) leads an event that may be a duplicate, `e` is a further entry of it, `k` is about an
event that is known already (a reversal, a re-booking, a late price).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from pydantic import TypeAdapter

from schemas.fields import Instant
from schemas.names import canonical, is_plain
from schemas.priced import EVENT_FOLLOWS

COLUMNS = (
    "role", "event_id", "occurred_at", "event_type", "payload", "origin_partition",
    "origin_offset", "sent_by", "plant", "line", "product", "stage", "work_unit", "defect_code",
    "shift", "supplier", "outcome", "entry_no", "reverses", "reason", "booked_by", "corrected_by",
    "element", "category", "quantity", "gross", "recovered", "allowed", "net", "seconds", "base",
    "good", "ungraded", "currency", "rate_version", "labour_version", "line_version", "hour", "day",
    "exchange_rate", "reporting_currency", "exchange_version",
)  # fmt: skip
INSTANT: TypeAdapter[Any] = TypeAdapter(Instant)
_NULL = r"\N"
_NO_ORIGIN = "\t".join([_NULL] * (COLUMNS.index("plant") - COLUMNS.index("event_type")))
"""Of a row that keeps no event: its type, payload, origin and sender."""
_NO_RATE = "\t".join([_NULL] * 3)
"""A new entry is converted as it is posted; a reversal names the rate that it takes back."""
_NO_ENTRY = "\t".join([_NULL] * (len(COLUMNS) - COLUMNS.index("reverses")))


class Cause(NamedTuple):
    """Why an entry is booked, and by whom; `corrected_by` is the correction's event id."""

    reason: str | None = None
    booked_by: str | None = None
    corrected_by: str | None = None

    def keeping(self, corrected_by: str | None) -> "Cause":
        """For what is booked again: the correction that it stood for, unless this is another."""
        return self if self.corrected_by else self._replace(corrected_by=corrected_by)


NO_CAUSE = Cause()


class _Entry(msgspec.Struct, gc=False):
    """An `Entry` whose numbers and times stay the text they are sent as."""

    element: str
    category: str
    quantity: str
    gross: str
    recovered: str
    allowed: str
    net: str
    seconds: str
    base: str
    good: str
    ungraded: str
    currency: str
    rate_version: int
    hour: str
    day: str
    at: str | None = None
    once: str | None = None
    labour_version: int | None = None
    line_version: int | None = None


class StopRow(msgspec.Struct, gc=False):
    """A `StopRate` whose numbers stay text."""

    per_hour: str
    currency: str
    rate_version: int


class _Pricing(msgspec.Struct, gc=False):
    outcome: str
    rates: int
    entries: list[_Entry]
    reason: str | None = None
    stop: StopRow | None = None


class _Facts(msgspec.Struct, gc=False):
    """Of an event that has been validated: what the ledger keeps."""

    event_id: str
    event_type: str
    plant: str
    line: str
    occurred_at: str | None = None
    started_at: str | None = None
    product: str | None = None
    stage: str | None = None
    work_unit: str | None = None
    defect_code: str | None = None
    shift: str | None = None
    supplier: str | None = None


_NAMES = tuple(
    n for n in _Facts.__struct_fields__ if n not in ("event_type", "occurred_at", "started_at")
)
_decode_pricing = msgspec.json.Decoder(_Pricing).decode
_decode_facts = msgspec.json.Decoder(_Facts).decode


def _facts(raw: bytes) -> _Facts:
    """Names as they are kept. Of a field that is there twice the last one counts; msgspec minds
    the first as well."""
    try:
        facts = _decode_facts(raw)
    except msgspec.DecodeError:
        facts = msgspec.convert(json.loads(raw), _Facts)
    if not is_plain(raw):
        for name in _NAMES:
            if (spelt := getattr(facts, name)) is not None:
                setattr(facts, name, canonical(spelt))
    return facts


@dataclass(slots=True, frozen=True)
class _Head:
    """What comes before the event in a message, with its own entries as the end of their rows."""

    outcome: str
    rates: int
    reason: str | None
    stop: StopRow | None
    figures: tuple[str, ...]
    once: tuple[_Entry, ...]


@lru_cache(maxsize=8192)
def _read_head(head: bytes) -> _Head:
    """Many events share their pricing to the byte, so it is read once."""
    pricing = _decode_pricing(head + b"}")
    own = [entry for entry in pricing.entries if entry.once is None]
    figures = [f"{number}\t{_figures(entry)}" for number, entry in enumerate(own, 1)]
    once = tuple(entry for entry in pricing.entries if entry.once is not None)
    return _Head(
        pricing.outcome, pricing.rates, pricing.reason, pricing.stop,
        tuple(figures) or (f"0\t{_NO_ENTRY}",), once,
    )  # fmt: skip


@dataclass(slots=True, frozen=True)
class Special:
    """An event that is more than its entries: a stop, a correction, or one without a price."""

    outcome: str
    raw: bytes
    rates: int
    reason: str | None
    stop: "StopRow | None"
    sent_by: str | None = None


@dataclass(slots=True)
class Batch:
    """Rows to copy, the events among them (each id once), and those that need more than rows."""

    rows: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    again: list[str] = field(default_factory=list)
    """Rows of events whose id is there already: to be compared with its event, and not booked."""
    events: int = 0
    special: dict[str, Special] = field(default_factory=dict)
    once: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    """Rows that several events may cause, each with the ids of those that do."""
    causes: dict[str, Cause] = field(default_factory=dict)
    """Why events are booked, of those that were not reported as such."""
    rates: int = 0
    oldest: int | None = None
    """The newest and the oldest revision of the rate book that an event was priced with."""

    def add(
        self,
        message: bytes,
        partition: int | None = None,
        offset: int | None = None,
        known: bool = False,
        sent_by: str | None = None,
        cause: Cause = NO_CAUSE,
        after: int = 0,
    ) -> None:
        """Add one message of `copq.priced-events`; `known` if its event is stored already.

        `cause` is what its entries say of why they are booked, if there is anything to say;
        `after` the number of the event's last entry, if it has any.

        Raises `msgspec.DecodeError` or `ValueError` where it is no such message.
        """
        start, follows, rest = message.partition(EVENT_FOLLOWS)
        if not follows:
            raise msgspec.DecodeError("no pricing with an event after it")
        head, raw = _read_head(start), rest[:-1]
        facts = _facts(raw)
        who = _NULL if sent_by is None else _written(sent_by)
        origin = f"{_written(raw.decode())}\t{_text(partition)}\t{_text(offset)}\t{who}"
        figures = head.figures
        if facts.event_id in self.seen:
            self.again += _rows(head, figures[:1], facts, origin, "g")
            self.events += 1
            return
        if cause != NO_CAUSE or after:
            figures = _told(figures, cause, after)
        # Raises before anything of it is kept: its id is free for another event.
        self.rows += _rows(head, figures, facts, origin, "k" if known else "g")
        self.seen.add(facts.event_id)
        self.events += 1
        if cause != NO_CAUSE:
            self.causes[facts.event_id] = cause
        for entry in head.once:
            self._add_once(entry, facts)
        if head.rates > self.rates:
            self.rates = head.rates
        if self.oldest is None or head.rates < self.oldest:
            self.oldest = head.rates
        if head.outcome != "priced":
            self.special[facts.event_id] = Special(
                head.outcome, raw, head.rates, head.reason, head.stop, sent_by
            )

    def _add_once(self, entry: _Entry, facts: _Facts) -> None:
        """An entry that several events may cause has a key of its own, and no event."""
        assert entry.once is not None
        if entry.once in self.once:
            self.once[entry.once][1].add(facts.event_id)
            return
        context = _context(_Facts("", "", facts.plant, facts.line, product=facts.product))
        event = f"g\t{_escape(entry.once)}\t{entry.at}\t{_NO_ORIGIN}"
        row = f"{event}\t{context}\tpriced\t1\t{_figures(entry)}"
        self.once[entry.once] = (row, {facts.event_id})


def _rows(
    head: _Head, figures: tuple[str, ...], facts: _Facts, origin: str, role: str
) -> list[str]:
    """Those of an event: the one that leads it, then its further entries."""
    event = f"{_escape(facts.event_id)}\t{_instant(facts)}"
    context = f"{_context(facts)}\t{head.outcome}"
    first, *others = figures
    rows = [f"{role}\t{event}\t{facts.event_type}\t{origin}\t{context}\t{first}"]
    for other in others:
        further = "k" if role == "k" else "e"
        rows.append(f"{further}\t{event}\t{_NO_ORIGIN}\t{context}\t{other}")
    return rows


def known_row(values: Mapping[str, Any], role: str = "k") -> str:
    """A row about an event that is stored already, from values by column name."""
    row = {**values, "role": role, "outcome": "priced"}
    return "\t".join(_optional(None if row.get(c) is None else str(row[c])) for c in COLUMNS)


def _told(figures: tuple[str, ...], cause: Cause, after: int) -> tuple[str, ...]:
    """The ends of rows, numbered after an entry and with the cause in its place."""
    why = "\t".join(map(_written_or_null, cause))
    parts = [end.split("\t", 5) for end in figures]
    return tuple(f"{int(n) + after}\t{reverses}\t{why}\t{rest}" for n, reverses, *_, rest in parts)


def _figures(e: _Entry) -> str:
    return (
        f"{_NULL}\t{_NULL}\t{_NULL}\t{_NULL}\t{e.element}\t{e.category}\t{e.quantity}\t{e.gross}\t"
        f"{e.recovered}\t{e.allowed}\t{e.net}\t{e.seconds}\t{e.base}\t{e.good}\t{e.ungraded}\t{e.currency}\t"
        f"{e.rate_version}\t{_text(e.labour_version)}\t{_text(e.line_version)}\t{e.hour}\t{e.day}\t"
        f"{_NO_RATE}"
    )


def _context(f: _Facts) -> str:
    return (
        f"{_escape(f.plant)}\t{_escape(f.line)}\t{_optional(f.product)}\t{_optional(f.stage)}\t"
        f"{_optional(f.work_unit)}\t{_optional(f.defect_code)}\t{_optional(f.shift)}\t"
        f"{_optional(f.supplier)}"
    )


def _instant(facts: _Facts) -> str:
    """As Postgres reads it, which knows offsets below 16 hours; the usual form stays as it is."""
    text = facts.occurred_at or facts.started_at or ""
    if len(text) in (20, 24) and text[10] == "T" and text[-1] == "Z":
        return text
    return str(INSTANT.validate_python(text).astimezone(UTC))


def _optional(value: str | None) -> str:
    return _NULL if value is None else _escape(value)


def _written_or_null(value: str | None) -> str:
    return _NULL if value is None else _written(value)


def _text(value: int | None) -> str:
    return _NULL if value is None else str(value)


def _escape(value: str) -> str:
    """An identifier holds no control character: a backslash alone needs care."""
    return value.replace("\\", "\\\\") if "\\" in value else value


def _written(text: str) -> str:
    """Any text."""
    text = _escape(text)
    if "\n" in text or "\t" in text or "\r" in text:
        return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text
