"""A file's times: local times get the offset that was in force in the plant's zone."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from copq.ingest.files.cells import TypedText, quote_cell
from copq.ingest.files.faults import RowFault
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.time_pattern import TimePattern, reads_time, swapped

_HAS_TIME = re.compile(r"[^T ]+[T ]\d\d")


_NEAR = timedelta(hours=6)
_MINUTE = timedelta(minutes=1)


class Moment(NamedTuple):
    """An instant, and whether its local time came twice that night (the first is meant)."""

    instant: datetime
    ambiguous: bool = False
    is_near: bool = False
    """Whether clocks go back within hours of it."""


class Clock:
    """Reads the text of a time. With an offset it needs no zone; without one it must have one."""

    def __init__(self, mapping: Mapping) -> None:
        self._zone = ZoneInfo(mapping.time_zone) if mapping.time_zone else None
        self._format = mapping.time_format
        self._pattern = TimePattern(self._format) if self._format else None
        self._day_start = mapping.production_day
        # Machines report at the same times: most texts come many times over.
        self.read: Callable[[str], Moment] = lru_cache(maxsize=4096, typed=True)(self._read)
        self.read_day: Callable[[str], Moment] = lru_cache(maxsize=4096, typed=True)(self._read_day)

    def _read(self, text: str) -> Moment:
        """A date and time. Raises `RowFault` where the text is none, or was never on the clock."""
        time = self._time(text)
        if time is None:
            raise RowFault(
                "", f"{quote_cell(text)} is a date without a time; map a column with both"
            )
        return self._moment_of(text, time)

    def _read_day(self, text: str) -> Moment:
        """As `read`, but a date without a time may be a production day, which it begins."""
        time = self._time(text)
        if time is not None:
            return self._moment_of(text, time)
        if self._day_start is None:
            raise RowFault(
                "",
                f"{quote_cell(text)} is a date without a time; map a column with both, or, if it "
                'is a production day, set production_day in the mapping (production_day: "06:00")',
            )
        begins = datetime.combine(self._date(text), self._day_start)
        return self._moment_of(
            text, begins if self._zone is None else _after_gap(begins, self._zone)
        )

    def is_midnight(self, text: str) -> bool:
        """Whether it is a local time of 00:00:00, as programs write a date. Raises `RowFault`."""
        time = self._time(text)
        return time is not None and time.tzinfo is None and time.time() == day_time.min

    def _moment_of(self, text: str, time: datetime) -> Moment:
        if time.tzinfo is not None:
            return Moment(time)
        if self._zone is None:
            raise RowFault("", f"{text} has no offset; set time_zone in the mapping")
        local = time.replace(tzinfo=self._zone)
        if local.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != time:
            raise RowFault("", f"{text} does not exist in {self._zone}: clocks went forward then")
        ambiguous = local.utcoffset() != local.replace(fold=1).utcoffset()
        return Moment(local, ambiguous, ambiguous or _goes_back_near(local))

    def second(self, text: str) -> str:
        """The second of the two instants that an ambiguous local time names."""
        return TypedText(self.read(text).instant.replace(fold=1).isoformat())

    def first(self, text: str) -> str:
        return TypedText(self.read(text).instant.isoformat())

    def _time(self, text: str) -> datetime | None:
        """None where the text is a date alone. Raises `RowFault`."""
        try:
            if self._pattern is None or isinstance(text, TypedText):
                return _iso(text)
            time = self._pattern.read(text)
            return time if reads_time(self._format or "") else None
        except ValueError:
            raise RowFault("", self._unread(text)) from None

    def _date(self, text: str) -> date:
        if self._pattern is None or isinstance(text, TypedText):
            return date.fromisoformat(text)
        return self._pattern.read(text).date()

    def _unread(self, text: str) -> str:
        wanted = self._format or "ISO 8601 (set time_format if it is written otherwise)"
        return f"{quote_cell(text)} is not a time as {wanted}"

    def other_order(self, text: str) -> str | None:
        """The format with day and month swapped, where that one reads the text."""
        other = swapped(self._format) if self._format else None
        try:
            return other if other and TimePattern(other).read(text) else None
        except ValueError:
            return None


def _iso(text: str) -> datetime | None:
    """None of a date alone, which Python takes as its midnight."""
    time = datetime.fromisoformat(text)
    if _HAS_TIME.match(text):
        return time
    date.fromisoformat(text)
    return None


def _after_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The local time, or the first that exists after it where clocks go forward over it."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    after = instant.astimezone(zone).replace(tzinfo=None)
    if after == local:
        return local
    offset = after - instant.replace(tzinfo=None)
    while (earlier := (instant - _MINUTE).astimezone(zone)).utcoffset() == offset:
        instant, after = instant - _MINUTE, earlier.replace(tzinfo=None)
    return after


def _goes_back_near(local: datetime) -> bool:
    try:
        before, after = (local - _NEAR).utcoffset(), (local + _NEAR).utcoffset()
    except OverflowError:
        return False
    return before is not None and after is not None and before > after
