"""A plant's own hours, days and months: its time zone, and the time when its production day starts.

Time zones and day starts are on quarters of an hour. So all instants of a quarter lie in one
bucket, and results are cached by quarter.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

QUARTER = 900
_QUARTER = timedelta(seconds=QUARTER)
_DAY = timedelta(days=1)


def quarter_of(instant: datetime) -> float:
    """The quarter of an hour of an instant, counted from 1970."""
    return instant.timestamp() // QUARTER


class Bucket(NamedTuple):
    """The instant at which the plant's hour starts (UTC), and the date of the production day."""

    hour: datetime
    day: date


class Calendar:
    """The buckets of one plant. Takes instants with an offset; never reads a clock."""

    def __init__(self, time_zone: str, day_start: time) -> None:
        self.zone = ZoneInfo(time_zone)
        self.day_start = day_start
        self._by_quarter: dict[float, Bucket] = {}
        self._starts: dict[date, datetime] = {}

    def bucket(self, instant: datetime) -> Bucket:
        quarter = quarter_of(instant)
        cached = self._by_quarter.get(quarter)
        return cached or self._remember(quarter)

    def _remember(self, quarter: float) -> Bucket:
        if len(self._by_quarter) > 100_000:
            self._by_quarter.clear()
        start = datetime.fromtimestamp(quarter * QUARTER, UTC)
        bucket = Bucket(self._hour(start), self._day(start))
        self._by_quarter[quarter] = bucket
        return bucket

    def _hour(self, quarter: datetime) -> datetime:
        """The start of the plant's hour; an hour that a clock change repeats is another hour."""
        minute = self._local_time(quarter).minute
        while minute and self._local_time(quarter - _QUARTER).minute == minute - 15:
            quarter, minute = quarter - _QUARTER, minute - 15
        return quarter

    def _local_time(self, instant: datetime) -> datetime:
        """The local time in the plant, without an offset."""
        return instant.astimezone(self.zone).replace(tzinfo=None)

    def _day(self, quarter: datetime) -> date:
        """The latest day that has started; a clock that is set back does not start a day again."""
        day = self._local_time(quarter).date() + _DAY
        while quarter < self.start_of(day):
            day -= _DAY
        return day

    def start_of(self, day: date) -> datetime:
        """The first instant at which the clock shows the day's start, or later (UTC)."""
        start = self._starts.get(day)
        if start is None:
            start = self._starts[day] = self._find_start(datetime.combine(day, self.day_start))
        return start

    def _find_start(self, shown: datetime) -> datetime:
        """The start of a day; if the clock skips that time, the instant of the skip."""
        start = shown.replace(tzinfo=self.zone).astimezone(UTC)
        while self._local_time(start - _QUARTER) >= shown:
            start -= _QUARTER
        return start

    def end_of(self, day: date) -> datetime:
        return self.start_of(day + _DAY)


def next_hour(calendar: Calendar, instant: datetime) -> datetime:
    """The next start of an hour of the plant, or of a day within an hour."""
    bucket = calendar.bucket(instant)
    step = datetime.fromtimestamp(instant.timestamp() // QUARTER * QUARTER, UTC) + _QUARTER
    while calendar.bucket(step) == bucket:
        step += _QUARTER
    return step


def this_hour(calendar: Calendar, instant: datetime) -> datetime:
    """The first instant of the bucket: its hour's start, unless a clock or day change cuts it."""
    bucket = calendar.bucket(instant)
    step = datetime.fromtimestamp(instant.timestamp() // QUARTER * QUARTER, UTC)
    while calendar.bucket(step - _QUARTER) == bucket:
        step -= _QUARTER
    return step
