"""The events that changed rates may concern, by plants and time: pure functions.

Wider than need be where that is simpler: an event whose price is the same is left as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from copq.rates.book import RateBook

_TICK = timedelta(microseconds=1)
_ANY_ZONE = timedelta(days=2)
"""No production day begins or ends further from its date in UTC."""


@dataclass(frozen=True, slots=True)
class RepricingScope:
    """The scope of a repricing: everything, or a plant, a product, some days.

    `first` and `until` are production days; `until` is exclusive.
    """

    plant: str | None = None
    product: str | None = None
    first: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ChangedItem:
    """A new or changed item, in force until `until`; without `start`, since the beginning."""

    plant: str | None
    start: datetime | None
    until: datetime | None
    daily: bool
    """Whether it may be asked as a production day starts, for the whole day."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Events of these plants (None: all) from `starts_at`; `ends_at` is exclusive."""

    plants: frozenset[str] | None
    starts_at: datetime
    ends_at: datetime


def reach_of(
    items: Iterable[ChangedItem],
    asked: RepricingScope,
    first: datetime,
    last: datetime,
    book: RateBook,
) -> Reach | None:
    """The events from `first` to `last` that the items may concern; None if none."""
    around = first - _ANY_ZONE, last + _ANY_ZONE
    spans = [_span(item, *around, book) for item in items if _is_in_scope(item, asked)]
    spans = [(start, end) for start, end in spans if start < end]
    if not spans:
        return None
    starts = max(first, min(start for start, _ in spans))
    ends = min(last + _TICK, max(end for _, end in spans))
    if asked.first is not None:
        starts = max(starts, _midnight(asked.first, first) - _ANY_ZONE)
    if asked.until is not None:
        ends = min(ends, _midnight(asked.until, first) + _ANY_ZONE)
    return Reach(_plants(items, asked), starts, ends) if starts < ends else None


def _is_in_scope(item: ChangedItem, asked: RepricingScope) -> bool:
    return None in (item.plant, asked.plant) or item.plant == asked.plant


def _plants(items: Iterable[ChangedItem], asked: RepricingScope) -> frozenset[str] | None:
    if asked.plant is not None:
        return frozenset({asked.plant})
    found = {item.plant for item in items}
    return None if None in found else frozenset(plant for plant in found if plant is not None)


def _span(
    item: ChangedItem, first: datetime, end: datetime, book: RateBook
) -> tuple[datetime, datetime]:
    start = first if item.start is None else max(item.start, first)
    until = end if item.until is None else min(item.until, end)
    if start >= until or not item.daily:
        return start, until
    sites = [site for name, site in book.sites.items() if item.plant in (None, name)]
    days = [(s.calendar.bucket(start).day, s.calendar.bucket(until - _TICK).day, s) for s in sites]
    return (
        min([start, *(site.calendar.start_of(day) for day, _, site in days)]),
        max([until, *(site.calendar.end_of(day) for _, day, site in days)]),
    )


def _midnight(day: date, like: datetime) -> datetime:
    return datetime.combine(day, datetime.min.time(), like.tzinfo)
