"""Priced events: what costing says of an event, and the aggregator books."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


class Category(StrEnum):
    """Prevention-appraisal-failure, with administrative failure as well (Caf)."""

    NONE = "none"
    PREVENTION = "prevention"
    APPRAISAL = "appraisal"
    INTERNAL_FAILURE = "internal_failure"
    EXTERNAL_FAILURE = "external_failure"
    ADMINISTRATIVE_FAILURE = "administrative_failure"


FAILURES = (
    Category.INTERNAL_FAILURE,
    Category.EXTERNAL_FAILURE,
    Category.ADMINISTRATIVE_FAILURE,
)
"""COPQ is these alone; CoQ is all but `none`."""

CATEGORIES = {
    **dict.fromkeys(
        ("defect", "scrap", "recovery_overhead", "rework", "downgrade", "downtime",
         "planned_stop", "recovery"), Category.INTERNAL_FAILURE,
    ),
    **dict.fromkeys(
        ("rework_of_returns", "rework_on_site", "return_scrap", "complaint", "warranty"),
        Category.EXTERNAL_FAILURE,
    ),
    "inspection": Category.APPRAISAL, "prevention": Category.PREVENTION,
    "admin_failure": Category.ADMINISTRATIVE_FAILURE,
    "production": Category.NONE, "stage_production": Category.NONE,
    "standing_appraisal": Category.APPRAISAL, "standing_prevention": Category.PREVENTION,
}  # fmt: skip
"""The category of each element that an entry may be of, in the order of docs/domain.md."""

STANDING = {
    Category.APPRAISAL: "standing_appraisal", Category.PREVENTION: "standing_prevention"
}  # fmt: skip
"""The elements of standing costs, by category. They come from no event."""
STANDING_ELEMENTS = frozenset(STANDING.values())

ELEMENTS = tuple(CATEGORIES)


class Outcome(StrEnum):
    PRICED = "priced"
    UNPRICED = "unpriced"
    """No table, stage or rate is in force: kept, and priced when there is one."""
    STOP = "stop"
    """A stop of a line: priced by the minute once the line's stops are united."""
    CORRECTION = "correction"


@dataclass(slots=True)
class Entry:
    """One line of the ledger. Money in `currency`, and time in seconds, both exact.

    net = gross - recovered - allowed. `base` is cost of production (production alone), `good`
    the good units of it, `ungraded` its units where the event does not say how many are good.
    `hour` and `day` are the buckets of the plant's calendar: the instant at which the hour starts,
    and the production day's date. `at` is set where the entry happens
    at another time than its event, `once` where several events may cause the same entry.
    `rate_version` is the version of the cost table, else of the line or labour rate, else the
    newest of the book; `labour_version` and `line_version` those of the rates of labour and line
    that it was computed from, if it was.
    """

    element: str
    category: str
    quantity: Decimal
    gross: Decimal
    recovered: Decimal
    allowed: Decimal
    net: Decimal
    seconds: Decimal
    base: Decimal
    good: Decimal
    ungraded: Decimal
    currency: str
    rate_version: int
    hour: datetime
    day: date
    at: datetime | None = None
    once: str | None = None
    labour_version: int | None = None
    line_version: int | None = None


@dataclass(slots=True)
class StopRate:
    """What an hour of this stop costs: a rate a minute is exact as one an hour, not vice versa."""

    per_hour: Decimal
    currency: str
    rate_version: int


@dataclass(slots=True)
class Pricing:
    """The answer to one event. `reason` says why there is no price, `rates` the book's revision."""

    outcome: str
    rates: int
    entries: list[Entry]
    reason: str | None = None
    stop: StopRate | None = None


def encode(raw: bytes, pricing: Pricing) -> bytes:
    """A message of `copq.priced-events`: the pricing, then the event's own bytes as `event`."""
    return join(encode_pricing(pricing), raw)


def encode_pricing(pricing: Pricing) -> bytes:
    """The part of a message that comes before the event: open, so that the event can follow."""
    said = _without_nothing(msgspec.to_builtins(pricing))
    said["entries"] = [_without_nothing(entry) for entry in said["entries"]]
    return _encode(said)[:-1]


def _without_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def join(head: bytes, raw: bytes) -> bytes:
    """A message of its two parts."""
    return head + EVENT_FOLLOWS + raw + b"}"


EVENT_FOLLOWS = b',"event":'
"""Where the head ends. No text within the head can hold it: its quotes would be escaped."""
