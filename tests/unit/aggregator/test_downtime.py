"""The union of a line's stops, against sets of minutes."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal as D
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.ledger.calendar import Calendar
from copq.ledger.downtime import (
    Segment,
    Stop,
    cost_between,
    element,
    ended_stops,
    segments,
    stops_until,
    wholes,
)

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
                st.sampled_from([None, "m1", "m2"]), st.booleans(), st.sampled_from([None, "jam"]),
            ), max_size=8,
        )
    )  # fmt: skip
    return [
        stop(first, first + lasts, rate, event_id=f"e{n}", work_unit=unit, planned=planned,
             defect_code=code)
        for n, (first, lasts, rate, unit, planned, code) in enumerate(rows)
    ]  # fmt: skip


def found(stops: list[Stop], calendar: Calendar = BERLIN) -> list[Segment]:
    return segments(ended_stops(stops), calendar, START, END)


def believed(stops: list[Stop]) -> list[Stop]:
    """Of the reports of one machine's stop the one that ends last."""
    last: dict[tuple[Any, ...], Stop] = {}
    for s in stops:
        key, ended = (s.work_unit, s.started_at, s.planned), s.ended_at
        assert ended is not None
        if key not in last or (ended, s.event_id) > (last[key].ended_at, last[key].event_id):
            last[key] = s
    return list(last.values())


def first_piece(of: Stop, stops: list[Stop]) -> Stop:
    """Where a stop began: back from piece to piece of the same machine and reason that touch."""
    alike = [
        s for s in stops
        if (s.work_unit, s.defect_code, s.planned) == (of.work_unit, of.defect_code, of.planned)
    ]  # fmt: skip
    found = {of.event_id: of}
    while more := [
        s for s in alike
        if s.event_id not in found and any(_touch(s, known) for known in found.values())
    ]:  # fmt: skip
        found |= {s.event_id: s for s in more}
    return min(found.values(), key=lambda s: s.started_at)


def _touch(one: Stop, two: Stop) -> bool:
    assert one.ended_at is not None and two.ended_at is not None
    return one.started_at <= two.ended_at and two.started_at <= one.ended_at


def owners(stops: list[Stop]) -> dict[int, tuple[str, D]]:
    """Minute by minute whose it is, and at what rate an hour: a planned stop of the whole line,
    else the unplanned stop that began first, else a machine's planned stop."""
    claims: dict[int, list[tuple[Any, ...]]] = {}
    known = believed(stops)
    for s in known:
        began = first_piece(s, known)
        rank = 1 if not s.planned else 0 if s.work_unit is None else 2
        where = (s.work_unit or "", began.event_id, s.started_at, s.event_id)
        for minute in _minutes(s.started_at, s.ended_at):
            claim = (rank, began.started_at, *where, began.per_hour)
            claims.setdefault(minute, []).append(claim)
    return {minute: min(of)[-2:] for minute, of in claims.items() if 0 <= minute < 480}


def _minutes(start: datetime, end: datetime | None) -> range:
    assert end is not None
    return range((start - START) // MINUTE, (end - START) // MINUTE)


@given(several(), st.sampled_from(CALENDARS))
def test_every_minute_belongs_to_the_stop_that_may_claim_it(
    stops: list[Stop], calendar: Calendar
) -> None:
    got = {
        minute: (segment.stop.event_id, segment.stop.per_hour)
        for segment in found(stops, calendar)
        for minute in _minutes(segment.start, segment.end)
    }
    assert got == owners(stops)


@given(several())
def test_cost_and_hours_are_those_of_the_minutes(stops: list[Stop]) -> None:
    owned = owners(stops)
    parts = found(stops)
    assert 60 * sum(s.cost for s in parts) == sum(rate for _, rate in owned.values())
    assert sum((s.seconds for s in parts), D(0)) == 60 * len(owned)


@given(several(), st.randoms(), st.sampled_from(CALENDARS))
def test_the_order_of_the_reports_changes_nothing(
    stops: list[Stop], random: Any, calendar: Calendar
) -> None:
    shuffled = random.sample(stops, len(stops))
    assert found(shuffled, calendar) == found(stops, calendar)


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


@given(several(), st.data(), st.randoms())
def test_a_stop_reported_in_pieces_is_the_same_stop(
    stops: list[Stop], data: st.DataObject, random: Any
) -> None:
    """To the machine and reason: the same cost, time, and number of stops."""
    whole = believed(stops)
    pieces = [piece for s in whole for piece in _cut(s, whole, data)]
    pieces = random.sample(pieces, len(pieces))
    assert _by_reason(found(pieces)) == _by_reason(found(whole))
    assert _lasted(pieces) == _lasted(whole)


def _cut(s: Stop, others: list[Stop], data: st.DataObject) -> list[Stop]:
    """The stop in up to three pieces that touch, each an event of its own, at rates of its own.

    Not where another stop of the machine begins: one start is one stop, whatever its reason.
    """
    assert s.ended_at is not None
    alike = (s.work_unit, s.planned)
    taken = {o.started_at for o in others if (o.work_unit, o.planned) == alike}
    inner = st.integers(0, (s.ended_at - s.started_at) // MINUTE)
    cuts = {s.started_at + n * MINUTE for n in data.draw(st.lists(inner, max_size=2))}
    edges = sorted({s.started_at, s.ended_at, *(cuts - taken)})
    return [
        replace(s, event_id=f"{s.event_id}.{n}", started_at=a, ended_at=b,
                per_hour=s.per_hour + 7 * n)
        for n, (a, b) in enumerate(pairwise(edges))
    ]  # fmt: skip


def _by_reason(parts: list[Segment]) -> dict[Any, tuple[D, D]]:
    totals: dict[Any, tuple[D, D]] = {}
    for part in parts:
        key = (part.stop.work_unit, part.stop.defect_code, part.stop.planned,
               BERLIN.bucket(part.start).hour)  # fmt: skip
        cost, seconds = totals.get(key, (D(0), D(0)))
        totals[key] = cost + part.cost, seconds + part.seconds
    return totals


def _lasted(stops: list[Stop]) -> list[tuple[Any, ...]]:
    found = wholes(ended_stops(stops))
    return sorted(
        (w.started_at, w.ended_at, str(w.first.work_unit), str(w.first.defect_code),
         w.first.planned)
        for w in found
    )  # fmt: skip


PIECES = (
    # a file cut at midnight, at a second before it, and two stops with a minute between them
    (timedelta(0), 1),
    (timedelta(seconds=1), 1),
    (timedelta(seconds=1, microseconds=1), 2),
    (MINUTE, 2),
)


@pytest.mark.parametrize(("gap", "count"), PIECES)
def test_pieces_that_follow_within_a_second_are_one_stop(gap: timedelta, count: int) -> None:
    one, two = stop(0, 10), stop(10, 20)
    two = replace(two, started_at=two.started_at + gap)
    assert len(wholes([two, one])) == count
    assert sum(part.seconds for part in found([one, two])) == 1200 - D(str(gap.total_seconds()))


@pytest.mark.parametrize("change", [{"work_unit": "m1"}, {"defect_code": "jam"}, {"planned": True}])
def test_pieces_of_another_machine_or_reason_are_other_stops(change: dict[str, Any]) -> None:
    assert len(wholes([stop(0, 10), stop(10, 20, **change)])) == 2


@given(st.decimals(0, 10_000, places=6), st.lists(st.integers(0, 10**10), min_size=2, max_size=9))
def test_the_cost_of_parts_adds_up_to_that_of_the_whole(per_hour: D, at: list[int]) -> None:
    edges = [START + timedelta(microseconds=n) for n in sorted(at)]
    parts = sum((cost_between(per_hour, a, b) for a, b in pairwise(edges)), D(0))
    assert parts == cost_between(per_hour, edges[0], edges[-1])
    assert cost_between(per_hour, edges[0], edges[0] + timedelta(hours=1)) == per_hour


SHARED: tuple[tuple[str, list[Stop], dict[str, int]], ...] = (
    ("a planned stop of the whole line takes its time out of a breakdown, whatever either costs", [
        stop(0, 60, 0, event_id="planned", planned=True), stop(30, 90, 9, event_id="fault")],
        {"planned": 60, "fault": 30}),
    ("the same with a planned stop that costs more", [
        stop(0, 60, 9, event_id="planned", planned=True), stop(30, 90, 2, event_id="fault")],
        {"planned": 60, "fault": 30}),
    ("a weekend's free shift within a breakdown", [
        stop(0, 480, 2, event_id="fault"), stop(60, 420, 0, event_id="free", planned=True)],
        {"fault": 120, "free": 360}),
    ("both begin together, and neither names a machine", [
        stop(0, 90, event_id="fault"), stop(0, 60, event_id="planned", planned=True)],
        {"fault": 30, "planned": 60}),
    ("a single machine's planned stop does not", [
        stop(0, 60, 9, event_id="planned", planned=True, work_unit="m1"),
        stop(30, 90, 2, event_id="fault")], {"planned": 30, "fault": 60}),
    ("of two breakdowns the first has the time, whatever either costs", [
        stop(0, 60, 2, event_id="first", work_unit="m2"),
        stop(30, 90, 9, event_id="second", work_unit="m1")], {"first": 60, "second": 30}),
)  # fmt: skip


@pytest.mark.parametrize(("why", "stops", "minutes"), SHARED)
def test_time_that_stops_share_belongs_to_one(
    why: str, stops: list[Stop], minutes: dict[str, int]
) -> None:
    for order in (stops, stops[::-1]):
        got: dict[str, int] = {}
        for part in found(order):
            lasts = len(_minutes(part.start, part.end))
            got[part.stop.event_id] = got.get(part.stop.event_id, 0) + lasts
        assert got == minutes, why


def _by_hour(parts: list[Segment]) -> dict[datetime, tuple[D, timedelta]]:
    totals: dict[datetime, tuple[D, timedelta]] = {}
    for part in parts:
        hour = BERLIN.bucket(part.start).hour
        cost, time_ = totals.get(hour, (D(0), timedelta()))
        totals[hour] = (cost + part.cost, time_ + (part.end - part.start))
    return totals


@given(several(), st.integers(1, 479))
def test_a_span_is_the_sum_of_its_parts(stops: list[Stop], minute: int) -> None:
    middle, ended = START + minute * MINUTE, ended_stops(stops)
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
    ("of two reasons the one that lasted longer is believed", [
        stop(0, 10, defect_code="jam"), stop(0, 20)], 20),
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
    stops = stops_until([reported], START + now * MINUTE)
    parts = segments(stops, BERLIN, START, END)
    assert [((p.start - START) // MINUTE, (p.end - START) // MINUTE) for p in parts] == expected


def test_an_open_stop_is_no_closed_one() -> None:
    assert ended_stops([stop(0, None)]) == []
    assert segments([stop(0, None)], BERLIN, START, END) == []


def test_seconds_and_less_are_counted() -> None:
    short = replace(stop(0, 1, 60), ended_at=START + timedelta(microseconds=1))
    [part] = found([short])
    assert (part.cost, part.seconds) == (D("0.000001"), D("0.000001"))


def test_the_largest_cost_is_computed_without_rounding_first() -> None:
    year = timedelta(days=366)
    per_minute = D("1999999999.99999998")
    dear = replace(stop(0, 1), per_hour=60 * per_minute, ended_at=START + year)
    parts = segments([dear], BERLIN, START, START + year)
    assert sum(p.cost for p in parts) == per_minute * (year // MINUTE)


def test_a_planned_stop_is_told_apart() -> None:
    assert [element(stop(0, 1, planned=p)) for p in (False, True)] == ["downtime", "planned_stop"]
