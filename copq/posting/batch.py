"""A batch of priced events as rows for `COPY`, in the text format of Postgres.

Each entry is a row; an event without entries is one row. `role` says how a row is posted: `g`
(gate) is the first row of an event that may be a duplicate, `e` is a further entry of that event,
and `k` belongs to an event that is already known (a reversal, a re-booking, a late price).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from copq.posting.problems import Row, problem_row
from copq.schemas.decode import decode
from copq.schemas.events import Event
from copq.schemas.fields import OWN_IDS
from copq.schemas.names import fault_of_name
from copq.schemas.priced import CATEGORIES, EVENT_FOLLOWS, STANDING_ELEMENTS, Outcome
from copq.schemas.refusal import printable_name

OUTCOMES = tuple(map(str, Outcome))
NOT_PRICED = (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError)
"""The errors that `Batch.add` raises for a message that is not a priced event."""

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
"""The event type, payload, origin and sender of a row that stores no event."""
_NO_DETAIL = [_NULL] * (COLUMNS.index("outcome") - COLUMNS.index("stage"))
_NO_RATE = "\t".join([_NULL] * 3)
"""The exchange rate of a new entry, which is converted as it is posted. A reversal names the
exchange rate of the entry that it reverses."""
_NO_ENTRY = "\t".join([_NULL] * (len(COLUMNS) - COLUMNS.index("reverses")))


class Cause(NamedTuple):
    """Why an entry is booked, and by whom; `corrected_by` is the correction's event id."""

    reason: str | None = None
    booked_by: str | None = None
    corrected_by: str | None = None

    def keeping(self, corrected_by: str | None) -> "Cause":
        """This cause for a re-booking. Without a correction of its own it takes `corrected_by`."""
        return self if self.corrected_by else self._replace(corrected_by=corrected_by)


NO_CAUSE = Cause()


_Revision = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_NUMBERS = re.compile(r"(?:[-.0-9]{1,80}(?:E[-+]?[0-9]{1,2})?\t)+[A-Z]{3}")
"""Amounts, each followed by a tab, then their currency. Postgres checks that each amount is a
number; this pattern excludes NaN and Infinity, which Postgres would accept."""


class _Entry(msgspec.Struct, gc=False):
    """An `Entry` whose numbers and times stay text, as sent."""

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
    """A `StopRate` whose numbers stay text, as sent."""

    per_hour: str
    currency: str
    rate_version: _Revision

    def __post_init__(self) -> None:
        """Raises `ValueError` for an amount or a currency that is malformed."""
        _check_amounts(f"{self.per_hour}\t{self.currency}")


def _check_amounts(amounts: str) -> None:
    if not _NUMBERS.fullmatch(amounts):
        raise ValueError(f"{printable_name(amounts)!r}: numbers and a currency are expected")


def _check_instant(text: str) -> None:
    """Raises `ValueError` unless the text is an instant that Postgres can read."""
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
    """The part of a message before the event. `figures` are the ends of the rows of its entries."""

    outcome: str
    rates: int
    reason: str | None
    stop: StopRow | None
    figures: tuple[str, ...]
    once: tuple[_Entry, ...]

    def check(self, event: Any) -> None:
        """Raises `ValueError` if costing never gives this outcome to an event of this type."""
        needed = _TYPES.get(self.outcome)
        if needed not in (None, event.event_type):
            raise ValueError(f'its outcome is "{self.outcome}", but its event is not a {needed}')
        if (self.outcome == Outcome.STOP) != (self.stop is not None):
            raise ValueError('a message has a stop rate if and only if its outcome is "stop"')
        if self.outcome == Outcome.PRICED and event.event_type in _TYPES.values():
            raise ValueError(f'its outcome is "priced", but a {event.event_type} has no entries')


_TYPES: dict[str, str] = {Outcome.STOP: "downtime", Outcome.CORRECTION: "correction"}
"""The outcomes that only one event type has."""


@lru_cache(maxsize=8192)
def _read_head(head: bytes) -> _Head:
    """Read the head of a message. Many events share the same bytes, so results are cached."""
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
    """An event that needs more than rows: a stop, a correction, or an event without a price."""

    outcome: str
    raw: bytes
    rates: int
    reason: str | None
    stop: "StopRow | None"
    sent_by: str | None = None


@dataclass(slots=True)
class Batch:
    """Rows to copy, the ids of their events, and the events that need more than rows."""

    rows: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    again: list[str] = field(default_factory=list)
    """Rows of events whose id is already in the batch. They are compared with the first event of
    that id, and never booked."""
    events: int = 0
    special: dict[str, Special] = field(default_factory=dict)
    once: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    """Rows that several events may cause, each with the ids of the events that cause it."""
    causes: dict[str, Cause] = field(default_factory=dict)
    """Why events are booked, by id, for events that a correction or a repricing books."""
    problems: dict[str, Row] = field(default_factory=dict)
    """The rows of `copq.event_problem` of new events, by id."""
    rates: int = 0
    oldest: int | None = None
    """The newest and the oldest revision of the rate book that priced an event of the batch."""

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
        """Add one message of `copq.priced-events`. `known` means that its event is already stored.

        `cause` says why its entries are booked. `after` is the number of the event's last entry.

        Raises one of `NOT_PRICED` if the message is not a priced event. The batch is then
        unchanged.
        """
        start, follows, rest = message.partition(EVENT_FOLLOWS)
        if not follows:
            raise msgspec.DecodeError("no pricing with an event after it")
        raw = rest[:-1]
        self.add_event(start, raw, decode(raw), partition, offset, known, sent_by, cause, after)

    def add_event(
        self,
        start: bytes,
        raw: bytes,
        facts: Event,
        partition: int | None = None,
        offset: int | None = None,
        known: bool = False,
        sent_by: str | None = None,
        cause: Cause = NO_CAUSE,
        after: int = 0,
    ) -> None:
        """As `add`, for a caller that has decoded the event: `start` is `encode_pricing`'s."""
        head = _read_head(start)
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
        # This may raise, so it runs before the id is stored: another event may then use the id.
        self.rows += _rows(head, figures, facts, origin, "k" if known else "g")
        self.seen.add(facts.event_id)
        self.events += 1
        if not known and (problem := problem_row(facts)):
            self.problems[facts.event_id] = problem
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
        """Add an entry that several events may cause. It has an id of its own and no event."""
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
    """The rows of an event: its first row, then one for each further entry."""
    event = f"{_escape(facts.event_id)}\t{_instant(facts)}"
    context = f"{_context(facts)}\t{head.outcome}"
    first, *others = figures
    rows = [f"{role}\t{event}\t{facts.event_type}\t{origin}\t{context}\t{first}"]
    for other in others:
        further = "k" if role == "k" else "e"
        rows.append(f"{further}\t{event}\t{_NO_ORIGIN}\t{context}\t{other}")
    return rows


def known_row(values: Mapping[str, Any], role: str = "k") -> str:
    """A row of an event that is already stored, from values by column name."""
    row = {**values, "role": role, "outcome": "priced"}
    return "\t".join(_optional(None if row.get(c) is None else str(row[c])) for c in COLUMNS)


def _renumber(figures: tuple[str, ...], cause: Cause, after: int) -> tuple[str, ...]:
    """The ends of rows, numbered from `after` + 1, with the cause filled in."""
    why = "\t".join(map(_written_or_null, cause))
    parts = [end.split("\t", 5) for end in figures]
    return tuple(f"{int(n) + after}\t{reverses}\t{why}\t{rest}" for n, reverses, *_, rest in parts)


def _check_entry(entry: _Entry) -> None:
    """Raises `ValueError` if Postgres would refuse the entry."""
    if entry.element in STANDING_ELEMENTS:
        raise ValueError(f'"{entry.element}" is of standing costs: no event has such an entry')
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
    """The instant in UTC, since Postgres refuses offsets of 16 hours or more."""
    at = facts.occurred_at
    return _encode(at if at.tzinfo is UTC else at.astimezone(UTC))[1:-1].decode()


def _optional(value: str | None) -> str:
    return _NULL if value is None else _escape(value)


def _written_or_null(value: str | None) -> str:
    return _NULL if value is None else _escape_text(value)


def _text(value: int | None) -> str:
    return _NULL if value is None else str(value)


def _escape(value: str) -> str:
    """Escape an identifier. It has no control characters, so only backslashes need escaping."""
    return value.replace("\\", "\\\\") if "\\" in value else value


def _escape_text(text: str) -> str:
    """Escape any text."""
    text = _escape(text)
    if "\n" in text or "\t" in text or "\r" in text:
        return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text
