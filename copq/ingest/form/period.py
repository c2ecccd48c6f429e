"""The period of an entry in the plant's time: a production day, or a start and an end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from copq.ledger.calendar import Calendar
from copq.schemas.fields import EARLIEST

LONGEST = timedelta(hours=25)
"""A production day as the clocks are put back."""


class Mistakes(Exception):
    """The mistakes of an entry: a sentence for each field; "" is the entry as a whole."""

    def __init__(self, by_field: dict[str, str]) -> None:
        super().__init__(", ".join(by_field))
        self.by_field = by_field


@dataclass(frozen=True, slots=True)
class Period:
    """`start` inclusive, `end` exclusive, both with the plant's offset."""

    start: datetime
    end: datetime


def period_of(filled: Mapping[str, str], calendar: Calendar, now: datetime) -> Period:
    """The period of the fields `period`, `day`, `from` and `to`. Raises `Mistakes`."""
    if filled.get("period") == "span":
        return _span(filled, calendar, now)
    day = _day(filled.get("day", ""))
    start, end = (
        at.astimezone(calendar.zone) for at in (calendar.start_of(day), calendar.end_of(day))
    )
    _has_begun(start, "day", now)
    return Period(start, end)


def _day(text: str) -> date:
    if not text:
        raise Mistakes({"day": "Which day? Choose a date"})
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Mistakes({"day": "Write the date as 2026-01-31"}) from None
    if not EARLIEST.year <= found.year < 2200:
        raise Mistakes({"day": f"The year {found.year} is not possible"})
    return found


def _span(filled: Mapping[str, str], calendar: Calendar, now: datetime) -> Period:
    start, end = (_local(filled.get(name, ""), name, calendar) for name in ("from", "to"))
    _has_begun(start, "from", now)
    if end <= start:
        raise Mistakes({"to": "This is not after the beginning of the period"})
    if end - start > LONGEST:
        raise Mistakes({"to": "A period is a day at the most: send one entry for each day"})
    return Period(start, end)


def _local(text: str, name: str, calendar: Calendar) -> datetime:
    """A local time of the plant; in an hour that occurs twice, the first."""
    try:
        shown = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise Mistakes({name: "Write date and time as 2026-01-31T14:05"}) from None
    if not EARLIEST.year <= shown.year < 2200:
        raise Mistakes({name: f"The year {shown.year} is not possible"})
    instant = shown.replace(tzinfo=calendar.zone)
    if instant.astimezone(UTC).astimezone(calendar.zone).replace(tzinfo=None) != shown:
        raise Mistakes({name: "The clocks were put forward then: this time did not exist"})
    return instant


def _has_begun(start: datetime, name: str, now: datetime) -> None:
    if start > now:
        raise Mistakes({name: "This has not begun yet"})
