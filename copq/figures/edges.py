"""The edges of a window as people write them: a day, a month, an hour in the plant's own time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, TypeVar

from copq.periods.period import month_of as parse_month

T = TypeVar("T", datetime, date)
Edge = datetime | date
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""No event happens outside these, and near the ends of the calendar no zone works."""
FIRST, LAST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)


def bounds(
    start: str, end: str, grain: str, zone: tzinfo, now: datetime
) -> tuple[Edge, Edge | None]:
    """From when until when; see `default_start` where nobody names a start.

    Raises `ValueError` where nothing can lie in it.
    """
    last = edge(end, grain, zone)
    first = edge(start, grain, zone) or default_start(grain, now, last)
    in_order(first, last)
    return first, last


def in_order(first: Any, last: Any) -> None:
    """Raises `ValueError` where the second edge is not after the first; None is not an edge."""
    if first is not None and last is not None and last <= first:
        raise ValueError(
            f"to ({last.isoformat()}) must be after from ({first.isoformat()}): it is the "
            "end, which is excluded"
        )


def edge(text: str, grain: str, zone: tzinfo) -> datetime | date | None:
    """An instant for hours (of `zone` where it names no offset), else a day; None for nothing.

    Raises `ValueError` where it is neither.
    """
    if not text or grain != "hour":
        return day_of(text)
    return instant(text, zone)


def instant(text: str, zone: tzinfo) -> datetime | None:
    """Of `zone` where it names no offset; None for nothing. Raises `ValueError`."""
    if not text:
        return None
    found = _read(datetime.fromisoformat, text, text, "2026-03-01T06:00")
    return found if found.tzinfo else found.replace(tzinfo=zone)


def day_of(text: str) -> date | None:
    """A day, or the first of a month."""
    if not text:
        return None
    whole = f"{text}-01" if len(text) == len("2026-03") else text
    return _read(date.fromisoformat, whole, text, "2026-03-01")


def month_of(text: str) -> date | None:
    """The first day of a month such as 2026-03, which its first day names too; None for nothing.

    Raises `ValueError`.
    """
    if not text:
        return None
    is_first = len(text) == len("2026-03-01") and text.endswith("-01")
    return in_range(parse_month(text[: len("2026-03")] if is_first else text), text)


def _read(read: Callable[[str], T], whole: str, text: str, example: str) -> T:
    try:
        found = read(whole)
    except ValueError:
        raise ValueError(f'"{text}" is not a date: write it as {example}') from None
    return in_range(found, text)


def in_range(found: T, text: str) -> T:
    """Raises `ValueError` where no event can be so early or so late."""
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f'"{text}" is out of range: name a year from {FIRST_YEAR} to {LAST_YEAR}')
    return found


def default_start(grain: str, now: datetime, last: Any = None) -> Edge:
    """Where a window begins that nobody has named: 24 hours, 30 days or 12 months ago.

    Or before `last`, its end, where that is earlier.
    """
    if grain == "hour":
        return min(now, last or now) - timedelta(hours=24)
    return min(now.date(), last or now.date()) - timedelta(days=30 if grain == "day" else 365)


def dimensions(by: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in by.split(",") if name.strip())
