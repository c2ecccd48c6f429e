"""The windows of the exporter: a plant's current and last full buckets, and trailing windows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from copq.figures.trailing import WINDOWS, Window
from copq.ledger.calendar import Calendar
from copq.periods.period import month_after, month_before

QUARTER = Window("15 m", timedelta(minutes=15))
"""Used with the longer windows, so that an alert ends soon after its cause."""

TRAILING: dict[str, Window] = {w.key: w for w in (QUARTER, *WINDOWS)}
HOUR = "1h"
"""The trailing hour, which raises alerts."""

_DAY, _MOMENT, _WEEK = timedelta(days=1), timedelta(microseconds=1), timedelta(days=7)
WEEKS = 4


@dataclass(frozen=True, slots=True)
class Span:
    """One calendar bucket, and its elapsed part from `start` to `end`.

    `hour` is the start of an hour, None for a day or month. `first` and `last` are the days under
    which the rollup may have it.
    """

    window: str
    grain: str
    first: date
    last: date
    hour: datetime | None
    start: datetime
    end: datetime

    def takes(self, hour: datetime, day: date) -> bool:
        """Whether the bucket of an instant lies in this one."""
        if self.grain == "hour":
            return hour == self.hour
        return (day if self.grain == "day" else day.replace(day=1)) == self.first


def spans(calendar: Calendar, now: datetime) -> list[Span]:
    """The current and the last full hour, production day and month of a plant."""
    now = now.astimezone(UTC)
    hour, day = calendar.bucket(now)
    before = calendar.bucket(hour - _MOMENT).hour
    month = day.replace(day=1)
    last_month = month_before(month)
    starts = {d: calendar.start_of(d) for d in (day - _DAY, day, last_month, month)}
    return [
        hour_span("hour", calendar, hour, now),
        hour_span("last_hour", calendar, before, hour),
        Span("day", "day", day, day, None, starts[day], now),
        Span("last_day", "day", day - _DAY, day - _DAY, None, starts[day - _DAY], starts[day]),
        Span("month", "month", month, month, None, starts[month], now),
        Span("last_month", "month", last_month, last_month, None, starts[last_month],
             starts[month]),
    ]  # fmt: skip


def hour_span(window: str, calendar: Calendar, hour: datetime, end: datetime) -> Span:
    day = calendar.bucket(hour).day
    return Span(window, "hour", day - _DAY, day + _DAY, hour, hour, end)


def same_hours(calendar: Calendar, hour: datetime) -> list[Span]:
    """The same hour of the plant's clock, one to four weeks earlier."""
    shown = hour.astimezone(calendar.zone)
    hours = []
    for week in range(1, WEEKS + 1):
        then = calendar.bucket((shown - week * _WEEK).astimezone(UTC)).hour
        hours.append(hour_span(f"{week}w", calendar, then, then + timedelta(hours=1)))
    return hours


def month_end(calendar: Calendar, month: date) -> datetime:
    """The end of the month's last production day."""
    return calendar.start_of(month_after(month))
