"""The kinds of value that events, entries and rates are made of."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from copq.schemas.names import NAME_PATTERN, TEXT_PATTERN, canonical, fault_of_name, fault_of_text

MAX_QUANTITY = Decimal(10) ** 9
"""More than any line makes between two reports; beyond it a sensor is broken."""

MAX_MINUTES = Decimal(60 * 24 * 366)
DECIMAL_PLACES = 6
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Instants outside these are a broken clock's; near the year 9999 no calendar works."""

LONGEST_STOP = timedelta(days=366)


def _character_check(fault: Callable[[str], str | None], pattern: str) -> Any:
    """Refuses characters of a text; `pattern` says the same in JSON Schema."""

    def check(value: str) -> str:
        if found := fault(value):
            raise PydanticCustomError("bad_character", "{fault}", {"fault": found})
        return value

    return Field(json_schema_extra={"pattern": pattern}), AfterValidator(check)


def _canonical(value: Any) -> Any:
    return canonical(value) if isinstance(value, str) else value


_spelling = BeforeValidator(_canonical)
_name_schema, _name_check = _character_check(fault_of_name, NAME_PATTERN)
_text_schema, _text_check = _character_check(fault_of_text, TEXT_PATTERN)

Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=64), _spelling, _name_check, _name_schema
]
"""A name: kept in its one spelling, without characters that nobody sees."""
OWN_IDS = "copq:"
"""What the ids of the service's own entries begin with; no event may have such an id."""


def _not_our_own(value: str) -> str:
    if value.startswith(OWN_IDS):
        raise ValueError(f'begins with "{OWN_IDS}", which is kept for the service itself')
    return value


EventId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128),
    _spelling,
    _name_check,
    AfterValidator(_not_our_own),
    _name_schema,
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500), _text_check, _text_schema]


def _read(value: Any) -> Any:
    """RFC 3339 text, rounded to the microsecond. All readers of events take this one's word.

    A bare number is not an instant: its unit and its zone are anybody's guess.
    """
    if isinstance(value, datetime):
        return value
    try:
        return msgspec.convert(value, datetime)
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise ValueError(
            "must be a date and time with seconds and an offset, as text, "
            "such as 2026-01-31T14:05:00+01:00"
        ) from None


def _plausible(value: datetime) -> datetime:
    if value < EARLIEST:
        raise ValueError(f"is before the year {EARLIEST.year}")
    if value >= LATEST:
        raise ValueError(f"is after the year {LATEST.year - 1}")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_read), AfterValidator(_plausible)]


def _within_the_calendar(value: datetime) -> datetime:
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None
    return value


Validity = Annotated[AwareDatetime, BeforeValidator(_read), AfterValidator(_within_the_calendar)]
"""From when or until when something is in force: "for ever" may be the year 9999."""


def _plain(places: int) -> AfterValidator:
    """An amount keeps no more digits than it needs: thousands of zeros fit no ledger."""
    last = Decimal(1).scaleb(-places)

    def plain(value: Decimal) -> Decimal:
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and -places <= exponent <= 0:
            return value
        return value.quantize(last)

    return AfterValidator(plain)


_amount = _plain(DECIMAL_PLACES)
Quantity = Annotated[Decimal, Field(gt=0, le=MAX_QUANTITY, decimal_places=DECIMAL_PLACES), _amount]
QuantityOrNone = Annotated[
    Decimal, Field(ge=0, le=MAX_QUANTITY, decimal_places=DECIMAL_PLACES), _amount
]
"""A part of a quantity: it may be nothing at all."""
Minutes = Annotated[Decimal, Field(ge=0, le=MAX_MINUTES, decimal_places=DECIMAL_PLACES), _amount]
Spent = Annotated[Decimal, Field(ge=0, le=MAX_QUANTITY, decimal_places=DECIMAL_PLACES), _amount]
"""Money that was in fact paid or earned, in the plant's currency. It is a fact, no price."""
MAX_COUNT = 1_000_000
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
"""How often something happened because of one event."""

Money = Annotated[Decimal, Field(ge=0, le=MAX_QUANTITY, decimal_places=8), _plain(8)]
"""A rate or unit cost of the rate book."""
plain_amount = _plain(8)
Rate = Annotated[Decimal, Field(gt=0, le=MAX_QUANTITY, decimal_places=8), _plain(8)]
"""Units a minute."""
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=8), _plain(8)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{value}" is not an IANA time zone such as "Europe/Berlin"') from None
    return value


TimeZone = Annotated[str, AfterValidator(_known_zone)]


def _on_a_quarter(value: time) -> time:
    if value.minute % 15 or value.second or value.microsecond or value.tzinfo:
        raise ValueError("must be a local time on a quarter of an hour, such as 06:00")
    return value


DayStart = Annotated[time, AfterValidator(_on_a_quarter)]

__all__ = [
    "Count", "Currency", "DayStart", "EventId", "Identifier", "Instant", "Minutes", "Money",
    "Quantity", "QuantityOrNone", "Rate", "Share", "Spent", "Text", "TimeZone", "Validity", "date",
    "plain_amount",
]  # fmt: skip
