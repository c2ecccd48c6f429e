"""A window of production days, as people name it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from copq.figures.edges import day_of, month_of
from copq.figures.requests import GroupedRequest
from copq.periods.period import month_after
from copq.rates.book import RateBook

MOST_DAYS = 366
USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Window:
    """Production days [first, last)."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days

    def __str__(self) -> str:
        """Both days are in it: 2026-03-01 to 2026-03-31."""
        return f"{self.first} to {self.last - timedelta(days=1)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest(GroupedRequest):
    """A window as it is written: a `month`, or [start, end), by default the last 30 days.

    An empty text names nothing.
    """

    month: str = ""
    start: str = ""
    end: str = ""

    def window(self, today: date) -> Window:
        """Raises `ValueError` on a window that is not possible."""
        window = self.named_window(today)
        check_window(window)
        return window

    def named_window(self, today: date) -> Window:
        if self.month:
            if self.start or self.end:
                raise ValueError("name the window once: by month, or by from and to")
            return whole_month(self.month)
        last = day_of(self.end)
        tomorrow = today + timedelta(days=1)
        first = day_of(self.start) or min(last or tomorrow, tomorrow) - timedelta(days=USUAL_DAYS)
        return Window(first, last or max(tomorrow, first + timedelta(days=1)))


def whole_month(text: str) -> Window:
    first = month_of(text)
    assert first is not None
    return Window(first, month_after(first))


def check_window(window: Window, name: str = "") -> None:
    """Raises `ValueError` if the window is empty or too long."""
    if window.days <= 0:
        raise ValueError(
            f"{name}to ({window.last}) must be after {name}from ({window.first}): it is the end, "
            "which is excluded"
        )
    if window.days > MOST_DAYS:
        raise ValueError(
            f"{name}from ({window.first}) to {name}to ({window.last}) are {window.days:,} days; "
            f"name at most {MOST_DAYS}"
        )


def newest_day(book: RateBook, plant: str | None, now: datetime) -> date:
    """The newest production day of any of the plants."""
    sites = [site for name, site in book.sites.items() if plant in (None, name)]
    return max((site.calendar.bucket(now).day for site in sites), default=now.date())
