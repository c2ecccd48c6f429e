"""A batch of priced events as rows for `COPY`: text in the form Postgres reads, nothing else.

One row an entry, or one for an event that has no entry. `role` says how a row is posted:
`g` (gate) leads an event that may be a duplicate, `e` is a further entry of it, `k` is about an
event that is known already (a reversal, a re-booking, a late price).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from copq.schemas.decode import decode
from copq.schemas.events import Event
from copq.schemas.fields import OWN_IDS
from copq.schemas.names import fault_of_name
from copq.schemas.priced import CATEGORIES, EVENT_FOLLOWS, Outcome
from copq.schemas.refusal import printable_name

OUTCOMES = tuple(map(str, Outcome))
NOT_PRICED = (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError)
"""What `Batch.add` raises of a message that is not a priced event."""

COLUMNS = (
    "role", "event_id", "occurred_at", "event_type", "payload", "origin_partition",
    "origin_offset", "sent_by", "plant", "line", "product", "stage", "work_unit", "defect_code",
    "shift", "supplier", "outcome", "entry_no", "reverses", "reason", "booked_by", "corrected_by",
    "element", "category", "quantity", "gross", "recovered", "allowed", "net", "seconds", "base",
    "good", "ungraded", "currency", "rate_version", "labour_version", "line_version", "hour", "day",
    "exchange_rate", "reporting_currency", "exchange_version",
)  # fmt: skip
_NULL = r"\N"
_NO_ORIGIN = "\t".join([_NULL] * (COLUMNS.index("plant") - COLUMNS.index("event_type")))
"""Of a row that keeps no event: its type, payload, origin and sender."""
_NO_DETAIL = [_NULL] * (COLUMNS.index("outcome") - COLUMNS.index("stage"))
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


_Revision = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_NUMBERS = re.compile(r"(?:[-.0-9]{1,80}(?:E[-+]?[0-9]{1,2})?\t)+[A-Z]{3}")
"""Amounts, each with a tab behind it, then their currency. Which of them are numbers is left to
Postgres; it would take NaN and Infinity too."""


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
    rate_version: _Revision
    hour: str
    day: str
    at: str | None = None
    once: str | None = None
    labour_version: _Revision | None = None
    line_version: _Revision | None = None


class StopRow(msgspec.Struct, gc=False):
    """A `StopRate` whose numbers stay text."""

    per_hour: str
    currency: str
    rate_version: _Revision

    def __post_init__(self) -> None:
        """Raises `ValueError`."""
        _check_amounts(f"{self.per_hour}\t{self.currency}")


def _check_amounts(amounts: str) -> None:
    if not _NUMBERS.fullmatch(amounts):
        raise ValueError(f"{printable_name(amounts)!r}: numbers and a currency are expected")


def _check_instant(text: str) -> None:
    """Raises `ValueError` where it is not an instant that Postgres knows."""
    if datetime.fromisoformat(text).utcoffset() is None or not text.isascii():
        raise ValueError(f'"{printable_name(text)}" has no offset')


class _Pricing(msgspec.Struct, gc=False):
    outcome: Literal[OUTCOMES]  # type: ignore[valid-type]
    rates: _Revision
    entries: list[_Entry]
    reason: str | None = None
    stop: StopRow | None = None


_encode = msgspec.json.Encoder().encode
_decode_pricing = msgspec.json.Decoder(_Pricing).decode


@dataclass(slots=True, frozen=True)
class _Head:
    """What comes before the event in a message, with its own entries as the end of their rows."""

    outcome: str
    rates: int
    reason: str | None
    stop: StopRow | None
    figures: tuple[str, ...]
    once: tuple[_Entry, ...]

    def check(self, event: Any) -> None:
        """Raises `ValueError` where costing would not answer this to such an event."""
        needed = _TYPES.get(self.outcome)
        if needed not in (None, event.event_type):
            raise ValueError(f'its outcome is "{self.outcome}", of an event that is none')
        if (self.outcome == Outcome.STOP) != (self.stop is not None):
            raise ValueError('only the outcome "stop" has a rate of its own, and it needs one')
        if self.outcome == Outcome.PRICED and event.event_type in _TYPES.values():
            raise ValueError(f'its outcome is "priced", which a {event.event_type} never is')


_TYPES: dict[str, str] = {Outcome.STOP: "downtime", Outcome.CORRECTION: "correction"}
"""Outcomes of events of one type alone."""


@lru_cache(maxsize=8192)
def _read_head(head: bytes) -> _Head:
    """Many events share their pricing to the byte, so it is read once."""
    pricing = _decode_pricing(head + b"}")
    for entry in pricing.entries:
        _check_entry(entry)
    if pricing.entries and pricing.outcome != Outcome.PRICED:
        raise ValueError(f'its outcome is "{pricing.outcome}", which has no entries')
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

        Raises one of `NOT_PRICED` where it is not such a message.
        """
        start, follows, rest = message.partition(EVENT_FOLLOWS)
        if not follows:
            raise msgspec.DecodeError("no pricing with an event after it")
        head, raw = _read_head(start), rest[:-1]
        facts = decode(raw)
        head.check(facts)
        who = _NULL if sent_by is None else _escape_text(sent_by)
        origin = f"{_escape_text(raw.decode())}\t{_text(partition)}\t{_text(offset)}\t{who}"
        figures = head.figures
        if facts.event_id in self.seen:
            self.again += _rows(head, figures[:1], facts, origin, "g")
            self.events += 1
            return
        if cause != NO_CAUSE or after:
            figures = _renumber(figures, cause, after)
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

    def _add_once(self, entry: _Entry, facts: Event) -> None:
        """An entry that several events may cause has a key of its own, and no event."""
        assert entry.once is not None
        if entry.once in self.once:
            self.once[entry.once][1].add(facts.event_id)
            return
        context = "\t".join(
            [*map(_optional, (facts.plant, facts.line, facts.product)), *_NO_DETAIL]
        )
        event = f"g\t{_escape(entry.once)}\t{entry.at}\t{_NO_ORIGIN}"
        row = f"{event}\t{context}\tpriced\t1\t{_figures(entry)}"
        self.once[entry.once] = (row, {facts.event_id})


def _rows(head: _Head, figures: tuple[str, ...], facts: Event, origin: str, role: str) -> list[str]:
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


def _renumber(figures: tuple[str, ...], cause: Cause, after: int) -> tuple[str, ...]:
    """The ends of rows, numbered after an entry and with the cause in its place."""
    why = "\t".join(map(_written_or_null, cause))
    parts = [end.split("\t", 5) for end in figures]
    return tuple(f"{int(n) + after}\t{reverses}\t{why}\t{rest}" for n, reverses, *_, rest in parts)


def _check_entry(entry: _Entry) -> None:
    """Raises `ValueError` where Postgres would not take it."""
    if CATEGORIES.get(entry.element) != entry.category:
        raise ValueError(
            f'"{printable_name(entry.element)}" has no category "{printable_name(entry.category)}"'
        )
    _check_amounts(_amounts(entry))
    _check_bucket(entry.hour, entry.day)
    if entry.once is None and entry.at is None:
        return
    if entry.once is None or entry.at is None or not entry.once.startswith(OWN_IDS):
        raise ValueError(f'an entry has "at", and "once" with an id of {OWN_IDS}, or neither')
    if fault := fault_of_name(entry.once):
        raise ValueError(f'"once" {fault}')
    _check_instant(entry.at)


@lru_cache(maxsize=8192)
def _check_bucket(hour: str, day: str) -> None:
    _check_instant(hour)
    date.fromisoformat(day)


def _amounts(e: _Entry) -> str:
    return (
        f"{e.quantity}\t{e.gross}\t{e.recovered}\t{e.allowed}\t{e.net}\t{e.seconds}\t{e.base}\t"
        f"{e.good}\t{e.ungraded}\t{e.currency}"
    )


def _figures(e: _Entry) -> str:
    return (
        f"{_NULL}\t{_NULL}\t{_NULL}\t{_NULL}\t{e.element}\t{e.category}\t{_amounts(e)}\t"
        f"{e.rate_version}\t{_text(e.labour_version)}\t{_text(e.line_version)}\t{e.hour}\t{e.day}\t"
        f"{_NO_RATE}"
    )


def _context(f: Any) -> str:
    return (
        f"{_escape(f.plant)}\t{_escape(f.line)}\t{_optional(f.product)}\t{_optional(f.stage)}\t"
        f"{_optional(f.work_unit)}\t{_optional(f.defect_code)}\t{_optional(f.shift)}\t"
        f"{_optional(f.supplier)}"
    )


def _instant(facts: Event) -> str:
    """As Postgres reads it, which knows offsets below 16 hours."""
    at = facts.occurred_at
    return _encode(at if at.tzinfo is UTC else at.astimezone(UTC))[1:-1].decode()


def _optional(value: str | None) -> str:
    return _NULL if value is None else _escape(value)


def _written_or_null(value: str | None) -> str:
    return _NULL if value is None else _escape_text(value)


def _text(value: int | None) -> str:
    return _NULL if value is None else str(value)


def _escape(value: str) -> str:
    """An identifier holds no control character: a backslash alone needs care."""
    return value.replace("\\", "\\\\") if "\\" in value else value


def _escape_text(text: str) -> str:
    """Any text."""
    text = _escape(text)
    if "\n" in text or "\t" in text or "\r" in text:
        return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text
