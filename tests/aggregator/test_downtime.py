"""The union of a line's stops, against sets of minutes."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal as D
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.aggregator.downtime import Segment, Stop, closed, element, segments, until
from services.rates.calendar import Calendar

MINUTE = timedelta(minutes=1)
START = datetime(2026, 10, 24, 22, tzinfo=UTC)
END = START + timedelta(hours=8)
BERLIN = Calendar("Europe/Berlin", time(6, 0))
LORD_HOWE = Calendar("Australia/Lord_Howe", time(2, 30))
KATHMANDU = Calendar("Asia/Kathmandu", time(0, 15))
CALENDARS = (BERLIN, LORD_HOWE, KATHMANDU)


def stop(first: int, last: int | None, per_minute: int = 2, **said: Any) -> Stop:
    """A stop from one minute after START to another."""
    given = {
        "event_id": f"{first}-{last}", "work_unit": None, "product": None, "defect_code": None,
        "shift": None, "planned": False, "currency": "EUR", "rate_version": 1,
    }  # fmt: skip
    return Stop(
        started_at=START + first * MINUTE,
        ended_at=None if last is None else START + last * MINUTE,
        per_hour=60 * D(per_minute),
        **{**given, **said},
    )


@st.composite
def several(draw: st.DrawFn) -> list[Stop]:
    """Stops of a few machines that begin within nine hours and end; ids are never the same."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(-30, 510), st.integers(1, 200), st.integers(0, 3),
                st.sampled_from([None, "m1", "m2"]), st.booleans(),
            ), max_size=8,
        )
    )  # fmt: skip
    return [
        stop(first, first + lasts, rate, event_id=f"e{n}", work_unit=unit, planned=planned)
        for n, (first, lasts, rate, unit, planned) in enumerate(rows)
    ]


def found(stops: list[Stop], calendar: Calendar = BERLIN) -> list[Segment]:
    return segments(closed(stops), calendar, START, END)


def owners(stops: list[Stop]) -> dict[int, str]:
    """Minute by minute: the dearest stop, then the one that began first."""
    last: dict[tuple[str | None, datetime], Stop] = {}
    for s in stops:
        key, ended = (s.work_unit, s.started_at), s.ended_at
        assert ended is not None
        rank = (ended, s.per_hour, s.event_id)
        if key not in last or rank > (last[key].ended_at, last[key].per_hour, last[key].event_id):
            last[key] = s
    claims: dict[int, list[tuple[Any, ...]]] = {}
    for s in last.values():
        for minute in _minutes(s.started_at, s.ended_at):
            claim = (-s.per_hour, s.started_at, s.work_unit or "", s.event_id)
            claims.setdefault(minute, []).append(claim)
    return {minute: min(of)[-1] for minute, of in claims.items() if 0 <= minute < 480}


def _minutes(start: datetime, end: datetime | None) -> range:
    assert end is not None
    return range((start - START) // MINUTE, (end - START) // MINUTE)


@settings(deadline=None)
@given(several(), st.sampled_from(CALENDARS))
def test_every_minute_belongs_to_the_stop_that_may_claim_it(
    stops: list[Stop], calendar: Calendar
) -> None:
    got = {
        minute: segment.stop.event_id
        for segment in found(stops, calendar)
        for minute in _minutes(segment.start, segment.end)
    }
    assert got == owners(stops)


@settings(deadline=None)
@given(several())
def test_cost_and_hours_are_those_of_the_minutes(stops: list[Stop]) -> None:
    rates = {s.event_id: s.per_hour / 60 for s in stops}
    owned = owners(stops)
    parts = found(stops)
    assert sum(s.cost for s in parts) == sum(rates[event_id] for event_id in owned.values())
    assert round(60 * sum((s.hours for s in parts), D(0)), 6) == len(owned)


@settings(deadline=None)
@given(several(), st.randoms(), st.sampled_from(CALENDARS))
def test_the_order_of_the_reports_changes_nothing(
    stops: list[Stop], random: Any, calendar: Calendar
) -> None:
    shuffled = random.sample(stops, len(stops))
    assert found(shuffled, calendar) == found(stops, calendar)


@settings(deadline=None)
@given(several(), st.sampled_from(CALENDARS))
def test_segments_follow_each_other_within_hours_and_days(
    stops: list[Stop], calendar: Calendar
) -> None:
    parts = found(stops, calendar)
    tick = timedelta(microseconds=1)
    for part in parts:
        assert START <= part.start < part.end <= END
        assert calendar.bucket(part.start) == calendar.bucket(part.end - tick)
    for one, two in pairwise(parts):
        assert one.end <= two.start
        same = calendar.bucket(one.start) == calendar.bucket(two.start)
        assert one.end < two.start or one.stop != two.stop or not same


@settings(deadline=None)
@given(several(), st.data())
def test_a_stop_reported_in_parts_costs_the_same(stops: list[Stop], data: st.DataObject) -> None:
    in_parts = [part for s in stops for part in _cut(s, data)]
    alike = [replace(s, work_unit=s.event_id) for s in stops]
    assert _by_hour(found(in_parts)) == _by_hour(found(alike))


def _cut(s: Stop, data: st.DataObject) -> list[Stop]:
    """The stop in up to three parts that touch, each an event of its own."""
    assert s.ended_at is not None
    inner = st.integers(0, (s.ended_at - s.started_at) // MINUTE)
    cuts = {s.started_at + n * MINUTE for n in data.draw(st.lists(inner, max_size=2))}
    edges = sorted({s.started_at, s.ended_at, *cuts})
    return [
        replace(s, event_id=f"{s.event_id}.{n}", work_unit=s.event_id, started_at=a, ended_at=b)
        for n, (a, b) in enumerate(pairwise(edges))
    ]


def _by_hour(parts: list[Segment]) -> dict[datetime, tuple[D, timedelta]]:
    totals: dict[datetime, tuple[D, timedelta]] = {}
    for part in parts:
        hour = BERLIN.bucket(part.start).hour
        cost, time_ = totals.get(hour, (D(0), timedelta()))
        totals[hour] = (cost + part.cost, time_ + (part.end - part.start))
    return totals


@settings(deadline=None)
@given(several(), st.integers(1, 479))
def test_a_span_is_the_sum_of_its_parts(stops: list[Stop], minute: int) -> None:
    middle, ended = START + minute * MINUTE, closed(stops)
    apart = segments(ended, BERLIN, START, middle) + segments(ended, BERLIN, middle, END)
    assert _by_hour(apart) == _by_hour(found(stops))


PUBLISHED = (
    # Stops 10:00-10:30, 10:20-10:50 and 12:50-13:20 are 80 minutes: 50, 10 and 20 by the hour.
    (("10:00", "10:30"), ("10:20", "10:50"), ("12:50", "13:20")),
    {"10": 50, "12": 10, "13": 20},
)


def test_stops_that_overlap_count_once_and_are_split_at_the_hour() -> None:
    kolkata, (spans, expected) = Calendar("Asia/Kolkata", time(6, 0)), PUBLISHED
    stops = [
        replace(stop(n, 500, 1), started_at=_ist(first), ended_at=_ist(last))
        for n, (first, last) in enumerate(spans)
    ]
    got: dict[str, D] = {}
    for part in segments(stops, kolkata, _ist("00:00"), _ist("23:59")):
        hour = part.start.astimezone(kolkata.zone).strftime("%H")
        got[hour] = got.get(hour, D(0)) + part.cost
    assert got == expected


def _ist(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-31T{clock}:00+05:30")


TWICE: tuple[tuple[str, list[Stop], int], ...] = (
    ("the later end is believed", [stop(0, 10), stop(0, 20)], 20),
    ("an end is believed, not that it is open still", [stop(0, None), stop(0, 20)], 20),
    ("two machines are two stops, but their time is one", [
        stop(0, 10, work_unit="m1"), stop(0, 20, work_unit="m2")], 20),
)  # fmt: skip


@pytest.mark.parametrize(("why", "stops", "minutes"), TWICE)
def test_a_stop_reported_twice_is_one_stop(why: str, stops: list[Stop], minutes: int) -> None:
    for order in (stops, stops[::-1]):
        assert sum(len(_minutes(s.start, s.end)) for s in found(order)) == minutes, why


def test_a_shorter_report_of_the_same_stop_makes_it_no_dearer() -> None:
    [part] = found([stop(0, 10, 9), stop(0, 20, 2)])
    assert part.cost == 40


OPEN: tuple[tuple[Stop, int, list[tuple[int, int]]], ...] = (
    # it has lasted until now
    (stop(0, None), 30, [(0, 30)]),
    # it begins now, or later: nothing yet
    (stop(30, None), 30, []),
    (stop(31, None), 30, []),
    # one that has ended is as it is, even if its end is still to come
    (stop(0, 40), 30, [(0, 40)]),
)


@pytest.mark.parametrize(("reported", "now", "expected"), OPEN)
def test_an_open_stop_lasts_until_now(
    reported: Stop, now: int, expected: list[tuple[int, int]]
) -> None:
    stops = until([reported], START + now * MINUTE)
    parts = segments(stops, BERLIN, START, END)
    assert [((p.start - START) // MINUTE, (p.end - START) // MINUTE) for p in parts] == expected


def test_an_open_stop_is_no_closed_one() -> None:
    assert closed([stop(0, None)]) == []
    assert segments([stop(0, None)], BERLIN, START, END) == []


def test_seconds_and_less_are_counted() -> None:
    short = replace(stop(0, 1, 60), ended_at=START + timedelta(microseconds=1))
    [part] = found([short])
    assert (part.cost, part.hours) == (D("0.000001000"), D("0E-9"))


def test_the_largest_cost_is_computed_without_rounding_first() -> None:
    year = timedelta(days=366)
    dear = replace(stop(0, 1), per_hour=60 * D("1999999999.99999998"), ended_at=START + year)
    parts = segments([dear], BERLIN, START, START + year)
    assert sum(p.cost for p in parts) == dear.per_hour / 60 * (year // MINUTE)


def test_a_planned_stop_is_told_apart() -> None:
    assert [element(stop(0, 1, planned=p)) for p in (False, True)] == ["downtime", "planned_stop"]
