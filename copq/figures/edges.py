"""The edges of a window as people write them: a day, a month, or an hour in the plant's time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, TypeVar

from copq.periods.period import month_of as parse_month

T = TypeVar("T", datetime, date)
Edge = datetime | date
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Events outside these years are refused. Near the ends of the calendar, time zones fail."""
FIRST, LAST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)


def bounds(
    start: str, end: str, grain: str, zone: tzinfo, now: datetime
) -> tuple[Edge, Edge | None]:
    """The start and the end of a window; see `default_start` for a missing start.

    Raises `ValueError` if the window is empty.
    """
    last = edge(end, grain, zone)
    first = edge(start, grain, zone) or default_start(grain, now, last)
    in_order(first, last)
    return first, last


def in_order(first: Any, last: Any) -> None:
    """Raises `ValueError` unless the second edge is after the first. None is not an edge."""
    if first is not None and last is not None and last <= first:
        raise ValueError(
            f"to ({last.isoformat()}) must be after from ({first.isoformat()}): it is the "
            "end, which is excluded"
        )


def edge(text: str, grain: str, zone: tzinfo) -> datetime | date | None:
    """An instant for hours (in `zone` if it has no offset), else a day; None for an empty text.

    Raises `ValueError` if the text is neither.
    """
    if not text or grain != "hour":
        return day_of(text)
    return instant(text, zone)


def instant(text: str, zone: tzinfo) -> datetime | None:
    """An instant, in `zone` if it has no offset; None for an empty text. Raises `ValueError`."""
    if not text:
        return None
    at = _read(datetime.fromisoformat, text, text, "2026-03-01T06:00")
    return at if at.tzinfo else at.replace(tzinfo=zone)


def day_of(text: str) -> date | None:
    """A day, or the first day of a month. Raises `ValueError`."""
    if not text:
        return None
    whole = f"{text}-01" if len(text) == len("2026-03") else text
    return _read(date.fromisoformat, whole, text, "2026-03-01")


def month_of(text: str) -> date | None:
    """The first day of a month, written as 2026-03 or as that day; None for an empty text.

    Raises `ValueError`.
    """
    if not text:
        return None
    is_first = len(text) == len("2026-03-01") and text.endswith("-01")
    return in_range(parse_month(text[: len("2026-03")] if is_first else text), text)


def _read(read: Callable[[str], T], whole: str, text: str, example: str) -> T:
    try:
        value = read(whole)
    except ValueError:
        raise ValueError(f'"{text}" is not a date: write it as {example}') from None
    return in_range(value, text)


def in_range(value: T, text: str) -> T:
    """The given edge. Raises `ValueError` if its year is out of range."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f'"{text}" is out of range: name a year from {FIRST_YEAR} to {LAST_YEAR}')
    return value


def default_start(grain: str, now: datetime, last: Any = None) -> Edge:
    """The default start of a window: 24 hours, 30 days or 12 months ago.

    If the end `last` is earlier than now, it is counted from `last`.
    """
    if grain == "hour":
        return min(now, last or now) - timedelta(hours=24)
    return min(now.date(), last or now.date()) - timedelta(days=30 if grain == "day" else 365)


def dimensions(by: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in by.split(",") if name.strip())
