"""One target or budget, set by itself."""

from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, TypeVar

from copq.rates.book import RateBook
from copq.rates.file import dotted, validate
from copq.schemas.targets import Budget, Target, TargetFile

T = TypeVar("T", Target, Budget)


def zone_of(plant: str | None, book: RateBook) -> tzinfo:
    """The time zone of the plant; UTC without a plant, and for an unknown one."""
    site = book.sites.get(plant or "")
    return site.calendar.zone if site else UTC


def start_of(text: str, zone: tzinfo, now: datetime) -> datetime:
    """The instant that a day or an instant means: the midnight of the day; `now` where it is empty.

    Raises `ValueError`.
    """
    if not text:
        return now
    try:
        if "T" not in text:
            return datetime.combine(date.fromisoformat(text), time(), zone)
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f'"{text}" is not a date: write 2026-01-31, or 2026-01-31T06:00:00+01:00'
        ) from None


def file_of_one(model: type[T], fields: dict[str, Any]) -> TargetFile:
    """A file with this item alone. Raises `RateFileError`."""
    item = validate(fields, model, (), dotted)
    return TargetFile.model_validate({"targets" if model is Target else "budgets": (item,)})
