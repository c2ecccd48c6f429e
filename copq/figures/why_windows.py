"""The two windows that a change of losses is between, as people name them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from copq.figures.edges import day_of
from copq.figures.window import Window, WindowRequest, check_window
from copq.periods.period import month_before
from copq.summary.cover import fewest_sums

MOST_WEEKS = 52


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

    def sums(self) -> dict[str, Any]:
        """The sums of the summary that make both windows, as parameters of the queries."""
        before, after = (fewest_sums(w.first, w.last) for w in (self.before, self.after))
        parts = [*before, *after]
        return {
            "grains": [part.grain for part in parts],
            "days": [part.day for part in parts],
            "are_added": [part.is_added for part in parts],
            "are_after": [False] * len(before) + [True] * len(after),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsRequest(WindowRequest):
    """Windows as they are written; an empty text names nothing.

    The window after is a `month`, or [start, end), by default the last 30 days. The window before
    is [before_start, before_end), some `weeks` before the window after, or as long as that one and
    directly before it; before a month the month before.
    """

    before_start: str = ""
    before_end: str = ""
    weeks: int | None = None

    def windows(self, today: date) -> Windows:
        """Raises `ValueError` on windows that are not possible."""
        after = self.named_window(today)
        before = self._before(after)
        for name, window in (("", after), ("before_", before)):
            check_window(window, name)
        if before.first < after.last and after.first < before.last:
            raise ValueError(
                f"the windows overlap: {after} and, before, {before}; a day is in one window alone"
            )
        return Windows(before, after)

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
