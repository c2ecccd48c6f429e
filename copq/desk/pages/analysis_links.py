"""Links into the pages that analyse losses, with the plant and the days filled in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from copq.rates.book import RateBook

_PAGES = (
    ("/report", "Report"),
    ("/why", "Why"),
    ("/problems", "Problems"),
    ("/what-if", "What if"),
)
_LONG = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class Window:
    """Days of a plant, and an address of each page about them by its name."""

    plant: str
    name: str
    links: tuple[tuple[str, str], ...]


def windows(book: RateBook, now: datetime) -> list[Window]:
    """This month and the last one of each plant, by its own calendar."""
    return [
        _window(plant, name, first, until)
        for plant, site in sorted(book.sites.items())
        for name, first, until in _months(site.calendar.bucket(now).day)
    ]


def _months(today: date) -> list[tuple[str, date, date]]:
    first = today.replace(day=1)
    after = (first + _LONG).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    return [("this month", first, after), ("last month", before, first)]


def _window(plant: str, name: str, first: date, until: date) -> Window:
    query = urlencode({"plant": plant, "from": first.isoformat(), "to": until.isoformat()})
    links = [(f"{path}?{query}", title) for path, title in _PAGES]
    projects = (f"/projects?{urlencode({'plant': plant})}", "Projects")
    return Window(plant, name, (*links, projects))
