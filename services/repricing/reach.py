"""Which events a change of rates may concern: pure, from the items that changed to plants and time.

Wider than need be where that is simpler: an event whose price is the same is left as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.rates.book import RateBook

_TICK = timedelta(microseconds=1)
_ANY_ZONE = timedelta(days=2)
"""No production day begins or ends further from its date in UTC."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What finance asks to be repriced: all of it, or of a plant, a product, some days.

    `first` and `until` are production days; `until` is the first that is not asked for.
    """

    plant: str | None = None
    product: str | None = None
    first: date | None = None
    until: date | None = None

    @property
    def everything(self) -> bool:
        return self == Asked()


@dataclass(frozen=True, slots=True)
class Changed:
    """An item that is new or changed, in force until `until`; without `start`: from ever."""

    plant: str | None
    start: datetime | None
    until: datetime | None
    daily: bool
    """Whether it may be asked as a production day starts, for the whole day."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Events of these plants (None: of all) from `starts_at` until before `ends_at`."""

    plants: frozenset[str] | None
    starts_at: datetime
    ends_at: datetime


def reach_of(
    items: Iterable[Changed], asked: Asked, first: datetime, last: datetime, book: RateBook
) -> Reach | None:
    """What the items concern of events from `first` to `last`; None where it is nothing."""
    around = first - _ANY_ZONE, last + _ANY_ZONE
    spans = [_span(item, *around, book) for item in items if _asked(item, asked)]
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


def _asked(item: Changed, asked: Asked) -> bool:
    return None in (item.plant, asked.plant) or item.plant == asked.plant


def _plants(items: Iterable[Changed], asked: Asked) -> frozenset[str] | None:
    if asked.plant is not None:
        return frozenset({asked.plant})
    found = {item.plant for item in items}
    return None if None in found else frozenset(plant for plant in found if plant is not None)


def _span(
    item: Changed, first: datetime, end: datetime, book: RateBook
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
