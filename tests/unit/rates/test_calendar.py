"""Buckets of the plant's own clock, against a walk by the minute that watches the hands."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.ledger.calendar import Bucket, Calendar, next_hour

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

WALKS = (
    # a day of 23 hours, one of 25, and a time that the clock skips or shows twice
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    # clocks changed at midnight, to the day before
    ("America/Santiago", date(2026, 4, 5)),
    ("Asia/Beirut", date(2026, 10, 25)),
    ("Africa/Cairo", date(2026, 4, 24)),
    # offsets of half an hour and of three quarters
    ("Asia/Kolkata", date(2026, 1, 31)),
    ("Asia/Kathmandu", date(2026, 1, 31)),
    # half an hour forth and back
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    # three quarters, and a whole hour forth and back at a quarter to
    ("Pacific/Chatham", date(2026, 4, 5)),
    ("Pacific/Chatham", date(2026, 9, 27)),
    # a zone that left out a day
    ("Pacific/Apia", date(2011, 12, 30)),
    # clocks changed a minute after midnight
    ("America/St_Johns", date(2010, 3, 14)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("UTC", date(2026, 1, 31)),
)
DAY_STARTS = (time(0, 0), time(6, 0), time(22, 0), time(2, 30), time(23, 45))


def minutes(zone: str, around: date) -> Iterator[datetime]:
    """Every minute of three days, as the clock in the plant shows it."""
    start = datetime.combine(around - timedelta(days=1), time(), UTC)
    return ((start + n * MINUTE).astimezone(ZoneInfo(zone)) for n in range(3 * 24 * 60))


@pytest.mark.parametrize(("zone", "around"), WALKS)
def test_an_hour_begins_where_the_minute_hand_does_not_move_on_by_one(
    zone: str, around: date
) -> None:
    calendar = Calendar(zone, time(6, 0))
    for before, now in pairwise(minutes(zone, around)):
        begins = now.minute != before.minute + 1
        if zone == "America/St_Johns" and (before.utcoffset() != now.utcoffset()):
            continue  # the change is not on a quarter: the minutes tell nothing here
        assert (calendar.bucket(before).hour != calendar.bucket(now).hour) == begins, now


@pytest.mark.parametrize("day_start", DAY_STARTS)
@pytest.mark.parametrize(("zone", "around"), WALKS)
def test_a_day_begins_when_the_clock_first_shows_its_start(
    zone: str, around: date, day_start: time
) -> None:
    calendar = Calendar(zone, day_start)
    expected: date | None = None
    for now in minutes(zone, around):
        shown = now.replace(tzinfo=None)
        today = shown.date() if shown.time() >= day_start else shown.date() - timedelta(days=1)
        expected = today if expected is None else max(expected, today)
        assert calendar.bucket(now).day == expected, now


@pytest.mark.parametrize("day_start", DAY_STARTS)
@pytest.mark.parametrize(("zone", "around"), WALKS)
def test_a_day_starts_and_ends_where_its_first_and_last_instants_are(
    zone: str, around: date, day_start: time
) -> None:
    calendar = Calendar(zone, day_start)
    tick = timedelta(microseconds=1)
    for day in (around - timedelta(days=1), around, around + timedelta(days=1)):
        start, end = calendar.start_of(day), calendar.end_of(day)
        if start < end:
            assert calendar.bucket(start).day == calendar.bucket(end - tick).day == day
        assert calendar.bucket(start - tick).day < day <= calendar.bucket(end).day


LENGTHS = (
    ("Europe/Berlin", date(2026, 3, 28), time(6, 0), 23),
    ("Europe/Berlin", date(2026, 3, 29), time(0, 0), 23),
    ("Europe/Berlin", date(2026, 10, 24), time(6, 0), 25),
    ("Europe/Berlin", date(2026, 10, 25), time(0, 0), 25),
    # a start that the clock skips: the day starts as it skips, at 03:00
    ("Europe/Berlin", date(2026, 3, 29), time(2, 30), 23.5),
    # a start that the clock shows twice: the first counts
    ("Europe/Berlin", date(2026, 10, 25), time(2, 30), 25),
    ("Australia/Lord_Howe", date(2026, 4, 5), time(0, 0), 24.5),
    ("Australia/Lord_Howe", date(2026, 10, 4), time(0, 0), 23.5),
    # a date that was left out: what the clock shows of its production day
    ("Pacific/Apia", date(2011, 12, 30), time(0, 0), 0),
    ("Pacific/Apia", date(2011, 12, 30), time(6, 0), 6),
)


@pytest.mark.parametrize(("zone", "day", "day_start", "hours"), LENGTHS)
def test_days_have_the_hours_they_have(zone: str, day: date, day_start: time, hours: float) -> None:
    calendar = Calendar(zone, day_start)
    assert (calendar.end_of(day) - calendar.start_of(day)) / HOUR == hours


def test_the_hour_that_a_clock_change_repeats_is_another_hour() -> None:
    calendar = Calendar("Europe/Berlin", time(6, 0))
    first = datetime.fromisoformat("2026-10-25T02:30:00+02:00")
    again = datetime.fromisoformat("2026-10-25T02:30:00+01:00")
    assert calendar.bucket(first) == Bucket(first - 30 * MINUTE, date(2026, 10, 24))
    assert calendar.bucket(again) == Bucket(again - 30 * MINUTE, date(2026, 10, 24))


zones = st.sampled_from(sorted({zone for zone, _ in WALKS}))
starts = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
seconds = st.integers(0, 60 * 366 * 86_400) | st.floats(0, 60 * 366 * 86_400)
instants = seconds.map(lambda after: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=after))


@given(zones, starts, instants)
def test_hours_part_the_line_of_time(zone: str, day_start: time, instant: datetime) -> None:
    calendar = Calendar(zone, day_start)
    bucket, following = calendar.bucket(instant), next_hour(calendar, instant)
    hour, tick = bucket.hour, timedelta(microseconds=1)
    assert hour <= instant < following <= instant + 75 * MINUTE
    assert calendar.bucket(following - tick) == bucket
    assert following in (calendar.bucket(following).hour, calendar.end_of(bucket.day))
    assert calendar.bucket(hour).hour == hour
    assert calendar.bucket(hour - tick).hour < hour


@given(zones, starts, instants)
def test_days_part_the_line_of_time(zone: str, day_start: time, instant: datetime) -> None:
    calendar = Calendar(zone, day_start)
    day = calendar.bucket(instant).day
    assert calendar.start_of(day) <= instant < calendar.end_of(day)


@given(instants, st.integers(-1439, 1439))
def test_the_offset_in_which_an_instant_is_written_changes_nothing(
    instant: datetime, minutes_east: int
) -> None:
    calendar = Calendar("Europe/Berlin", time(6, 0))
    moved = instant.astimezone(timezone(minutes_east * MINUTE))
    assert calendar.bucket(moved) == calendar.bucket(instant)
    assert next_hour(calendar, moved) == next_hour(calendar, instant)
