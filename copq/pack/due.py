"""Which packs are due: pure functions of the schedule and the clock."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

from copq.pack.schedule import Delivery, Schedule
from copq.periods.period import month_before
from copq.rates.book import Site


class Due(NamedTuple):
    """A pack that has to be sent by one way, which is mail or folder."""

    delivery: Delivery
    plant: str
    month: date
    way: str

    @property
    def key(self) -> tuple[str, str, date, str]:
        return self.delivery.name, self.plant, self.month, self.way


def due(schedule: Schedule, sites: Mapping[str, Site], now: datetime) -> Iterator[Due]:
    """What is due at an instant: the month before, from the day and time on in the plant's zone.

    The caller keeps what was once due until it is sent. Who was away for longer makes older ones by
    command.
    """
    for delivery in schedule.packs:
        for plant in delivery.plants or sorted(sites):
            site = sites.get(plant)
            if site is None:
                continue
            local = now.astimezone(site.calendar.zone)
            if (local.day, local.time()) < (delivery.day, delivery.at):
                continue
            month = month_before(local.date().replace(day=1))
            yield from (Due(delivery, plant, month, way) for way in delivery.ways)


def still_wanted(
    schedule: Schedule, sites: Mapping[str, Site], keys: Iterable[tuple[str, str, date, str]]
) -> list[Due]:
    """The packs of these keys that the schedule still names."""
    deliveries = {delivery.name: delivery for delivery in schedule.packs}
    found = []
    for name, plant, month, way in keys:
        delivery = deliveries.get(name)
        if delivery is None or way not in delivery.ways or plant not in sites:
            continue
        if not delivery.plants or plant in delivery.plants:
            found.append(Due(delivery, plant, month, way))
    return found


def unknown_plants(schedule: Schedule, sites: Mapping[str, Site]) -> list[str]:
    """The plants of the schedule that the rate book does not have."""
    named = {plant for delivery in schedule.packs for plant in delivery.plants}
    return sorted(named - set(sites))
