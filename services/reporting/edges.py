"""The edges of a window as people write them: a day, a month, an hour in the plant's own time."""

from datetime import date, datetime, timedelta, tzinfo


def edge(text: str, grain: str, zone: tzinfo) -> datetime | date | None:
    """An instant for hours (of `zone` where it names no offset), else a day; None for nothing.

    Raises `ValueError` where it is neither.
    """
    if not text or grain != "hour":
        return day_of(text)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def day_of(text: str) -> date | None:
    """A day, or the first of a month."""
    if not text:
        return None
    return date.fromisoformat(f"{text}-01" if len(text) == len("2026-03") else text)


def default_start(grain: str, now: datetime) -> datetime | date:
    """Where a window begins that nobody has named: 24 hours, 30 days or 12 months ago."""
    if grain == "hour":
        return now - timedelta(hours=24)
    return now.date() - timedelta(days=30 if grain == "day" else 365)


def dimensions(by: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in by.split(",") if name.strip())
