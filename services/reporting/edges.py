"""The edges of a window as people write them: a day, a month, an hour in the plant's own time."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeVar

T = TypeVar("T")


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


def _read(read: Callable[[str], T], whole: str, text: str, example: str) -> T:
    try:
        return read(whole)
    except ValueError:
        raise ValueError(f'"{text}" is no date: write it as {example}') from None


def default_start(grain: str, now: datetime) -> datetime | date:
    """Where a window begins that nobody has named: 24 hours, 30 days or 12 months ago."""
    if grain == "hour":
        return now - timedelta(hours=24)
    return now.date() - timedelta(days=30 if grain == "day" else 365)


def dimensions(by: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in by.split(",") if name.strip())
