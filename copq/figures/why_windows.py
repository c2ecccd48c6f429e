"""The two windows that a change of losses is between, as people name them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from copq.figures.edges import day_of, month_of
from copq.figures.requests import FigureRequest
from copq.periods.period import month_after, month_before

MOST_DAYS, MOST_WEEKS = 366, 52
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


@dataclass(frozen=True, slots=True)
class Windows:
    """The window whose losses are explained, and the one that they are compared with."""

    before: Window
    after: Window

    def parameters(self) -> dict[str, Any]:
        """The days as parameters of the queries."""
        return {
            "before_first": self.before.first, "before_last": self.before.last,
            "after_first": self.after.first, "after_last": self.after.last,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsRequest(FigureRequest):
    """Windows as they are written; an empty text names nothing.

    The window after is a `month`, or [start, end), by default the last 30 days. The window before
    is [before_start, before_end), some `weeks` before the window after, or as long as that one and
    directly before it; before a month the month before.
    """

    month: str = ""
    start: str = ""
    end: str = ""
    before_start: str = ""
    before_end: str = ""
    weeks: int | None = None

    def windows(self, today: date) -> Windows:
        """Raises `ValueError` on windows that are not possible."""
        after = self._after(today)
        before = self._before(after)
        for name, window in (("", after), ("before_", before)):
            _check(window, name)
        if before.first < after.last and after.first < before.last:
            raise ValueError(
                f"the windows overlap: {after} and, before, {before}; a day is in one window alone"
            )
        return Windows(before, after)

    def _after(self, today: date) -> Window:
        if self.month:
            if self.start or self.end:
                raise ValueError("name the window once: by month, or by from and to")
            return _month(self.month)
        last = day_of(self.end)
        tomorrow = today + timedelta(days=1)
        first = day_of(self.start) or min(last or tomorrow, tomorrow) - timedelta(days=USUAL_DAYS)
        return Window(first, last or max(tomorrow, first + timedelta(days=1)))

    def _before(self, after: Window) -> Window:
        if self.weeks is not None:
            if self.before_start or self.before_end:
                raise ValueError("name the window before once: by weeks, or by before_from and "
                                 "before_to")  # fmt: skip
            return Window(after.first - timedelta(weeks=self.weeks), after.first)
        first, last = day_of(self.before_start), day_of(self.before_end)
        if self.month and first is None and last is None:
            return Window(month_before(after.first), after.first)
        last = last or after.first
        return Window(first or last - timedelta(days=after.days), last)


def _month(text: str) -> Window:
    first = month_of(text)
    assert first is not None
    return Window(first, month_after(first))


def _check(window: Window, name: str) -> None:
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
