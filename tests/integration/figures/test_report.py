"""Reports: buckets of the plant, sums over sums, one currency a row, stops still open."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from copq.figures.report import ReportQuery, report
from copq.ledger.figures import ReportRow
from copq.rates.book import RateBook
from tests.support.building import book, defect, event, plant, post_events, production, stop

NOW = datetime.fromisoformat("2026-06-30T12:00:00+00:00")


async def rows(conn: Any, rates: RateBook, now: datetime = NOW, **query: Any) -> list[ReportRow]:
    return await report(conn, rates, ReportQuery(**query), now)


async def test_share_is_the_sum_of_copq_over_the_sum_of_base(conn: Any) -> None:
    """As with the two machines of `roll_up`: not the mean of the lines' percentages."""
    rates = book()
    events = [
        production("p1", "2026-03-02T10:00:00+01:00", 100),
        defect("d1", "2026-03-02T10:05:00+01:00", 20),
        production("p2", "2026-03-02T10:00:00+01:00", 300, line="L2"),
        defect("d2", "2026-03-02T10:05:00+01:00", 165, line="L2"),
    ]
    await post_events(conn, rates, events)
    lines = await rows(conn, rates)
    assert [row.copq_share for row in lines] == [Decimal("0.2"), Decimal("0.55")]
    (whole,) = await rows(conn, rates, by=("plant",))
    assert whole.copq_share == Decimal("0.4625")
    assert (whole.copq, whole.base, whole.units) == (1850, 4000, 400)


async def test_an_element_is_seen_against_the_whole_base(conn: Any) -> None:
    rates = book()
    events = [
        production("p", "2026-03-02T10:00:00+01:00", 100),
        defect("d", "2026-03-02T10:05:00+01:00", 5),
        stop("s", "2026-03-02T11:00:00+01:00", "2026-03-02T11:30:00+01:00", product="widget"),
        event("inspection", "i", occurred_at="2026-03-02T12:00:00+01:00", minutes=7),
    ]
    await post_events(conn, rates, events)
    found = await rows(conn, rates, by=("product", "element", "category"))
    shares = {row.dims["element"]: (row.net, row.copq_share) for row in found}
    assert shares["defect"] == (50, Decimal("0.05"))
    assert shares["downtime"] == (60, Decimal("0.06"))
    assert "production" not in shares
    (one,) = await rows(conn, rates, element="defect")
    assert (one.copq, one.base) == (50, 1000)


async def test_appraisal_is_in_coq_but_not_in_copq(conn: Any) -> None:
    rates = book()
    events = [
        defect("d", "2026-03-02T10:05:00+01:00", 5),
        event("inspection", "i", occurred_at="2026-03-02T12:00:00+01:00", minutes=7),
    ]
    await post_events(conn, rates, events)
    (row,) = await rows(conn, rates)
    assert (row.copq, row.coq, row.hours) == (50, 57, Decimal("0.116666667"))


async def test_without_a_base_there_is_no_share(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [defect("d", "2026-03-02T10:05:00+01:00", 5)])
    (row,) = await rows(conn, rates)
    assert row.copq_share is None and row.flags == []


async def test_production_at_an_earlier_stage_is_no_base(conn: Any) -> None:
    rates = book()
    events = [
        production("p1", "2026-03-02T10:00:00+01:00", 100, stage="S1"),
        production("p2", "2026-03-02T10:00:00+01:00", 40, stage="S2"),
    ]
    await post_events(conn, rates, events)
    (row,) = await rows(conn, rates)
    assert (row.base, row.units) == (400, 40)


async def test_rejects_above_units_are_booked_and_flagged(conn: Any) -> None:
    rates = book()
    events = [
        production("p", "2026-03-02T10:00:00+01:00", 10),
        defect("d", "2026-03-02T10:05:00+01:00", 6),
        event("scrap", "s", occurred_at="2026-03-02T10:06:00+01:00", product="widget", quantity=5),
    ]
    await post_events(conn, rates, events)
    (row,) = await rows(conn, rates)
    assert (row.copq, row.rejected) == (110, 11)
    assert row.flags == ["rejects exceed units produced"]


async def test_two_currencies_are_never_added(conn: Any) -> None:
    rates = book(plant(), plant("south", "America/Chicago", currency="USD"))
    events = [
        defect("d1", "2026-03-02T10:05:00+01:00", 5),
        defect("d2", "2026-03-02T10:05:00+01:00", 7, plant="south"),
    ]
    await post_events(conn, rates, events)
    found = await rows(conn, rates, grain="month", by=())
    assert {row.currency: row.copq for row in found} == {"EUR": 50, "USD": 70}


SPRING, AUTUMN = "2026-03-28T23:00:00+00:00", "2026-10-24T22:00:00+00:00"


@pytest.mark.parametrize(
    ("day_start", "day", "length"),
    [
        ("00:00", "2026-03-29", 23),
        ("00:00", "2026-10-25", 25),
        ("06:00", "2026-03-28", 23),  # the clock changes in the night that ends this day
        ("06:00", "2026-10-24", 25),
        ("06:00", "2026-03-29", 24),
    ],
)
async def test_a_day_has_the_hours_that_its_clock_shows(
    conn: Any, day_start: str, day: str, length: int
) -> None:
    rates = book(plant(day_start=day_start))
    first = datetime.fromisoformat(SPRING if "03" in day[5:7] else AUTUMN)
    events = [
        defect(
            f"d{hour}",
            first.fromtimestamp(first.timestamp() + hour * 3600, first.tzinfo).isoformat(),
        )
        for hour in range(-24, 60)
    ]
    await post_events(conn, rates, events)
    found = await rows(conn, rates)
    by_day = {row.bucket: row for row in found}
    assert by_day[date.fromisoformat(day)].rejected == length
    hours = await rows(conn, rates, grain="hour")
    assert len(hours) == 84
    assert all(row.rejected == 1 for row in hours)


async def test_hours_are_shown_in_the_plants_zone(conn: Any) -> None:
    rates = book(plant(zone="Asia/Kolkata"))
    await post_events(conn, rates, [defect("d", "2026-03-02T10:45:00+00:00")])
    (row,) = await rows(conn, rates, grain="hour")
    assert isinstance(row.bucket, datetime)
    assert row.bucket.isoformat() == "2026-03-02T16:00:00+05:30"


async def test_bounds_take_the_first_bucket_and_leave_the_last(conn: Any) -> None:
    rates = book()
    await post_events(
        conn, rates, [defect(f"d{d}", f"2026-03-{d:02}T10:00:00+01:00") for d in range(1, 6)]
    )
    found = await rows(conn, rates, start=date(2026, 3, 2), end=date(2026, 3, 4))
    assert [row.bucket for row in found] == [date(2026, 3, 2), date(2026, 3, 3)]
    hour = datetime.fromisoformat("2026-03-03T10:00:00+01:00")
    assert await rows(conn, rates, grain="hour", start=hour, end=hour) == []
    one, *_ = await rows(conn, rates, grain="hour", start=hour, end=NOW)
    assert one.bucket == hour


@pytest.mark.parametrize(
    "wrong",
    [
        {"grain": "week"},
        {"by": ("machine",)},
        {"grain": "hour", "start": date(2026, 3, 1)},
        {"grain": "hour", "start": datetime(2026, 3, 1)},  # noqa: DTZ001
        {"grain": "day", "start": NOW},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ReportQuery(**wrong)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{text}:00+01:00")


async def test_an_open_stop_costs_more_as_time_passes(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [stop("s", "2026-03-02T10:50:00+01:00")])
    (early,) = await rows(conn, rates, now=at("10:55"))
    (late,) = await rows(conn, rates, now=at("11:20"))
    assert (early.copq, early.provisional) == (10, 10)
    assert (late.copq, late.provisional, late.hours) == (60, 60, Decimal("0.5"))
    hours = await rows(conn, rates, now=at("11:20"), grain="hour")
    assert [row.copq for row in hours] == [20, 40]
    assert await rows(conn, rates, now=at("10:50")) == []


async def test_ending_an_open_stop_leaves_the_total(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [stop("open", "2026-03-02T10:50:00+01:00", work_unit="M1")])
    before = await rows(conn, rates, now=at("11:20"), grain="hour")
    ended = stop("ended", "2026-03-02T10:50:00+01:00", "2026-03-02T11:20:00+01:00", work_unit="M1")
    await post_events(conn, rates, [ended])
    after = await rows(conn, rates, now=at("13:00"), grain="hour")
    assert [(r.bucket, r.copq, r.hours) for r in before] == [
        (r.bucket, r.copq, r.hours) for r in after
    ]
    assert all(row.provisional == 0 for row in after)


async def test_a_stop_that_ended_long_ago_stays_ended(conn: Any) -> None:
    """The report of its start is still there, next to another stop that is open."""
    rates = book()
    events = [
        stop("started", "2026-03-02T06:00:00+01:00", work_unit="M1"),
        stop("ended", "2026-03-02T06:00:00+01:00", "2026-03-02T06:10:00+01:00", work_unit="M1"),
        stop("other", "2026-03-02T10:00:00+01:00", work_unit="M2"),
    ]
    await post_events(conn, rates, events)
    (row,) = await rows(conn, rates, now=at("10:30"))
    assert (row.copq, row.provisional) == (80, 60)


async def test_time_that_open_and_ended_stops_share_costs_once(conn: Any) -> None:
    rates = book()
    events = [
        stop("ended", "2026-03-02T10:20:00+01:00", "2026-03-02T10:50:00+01:00", work_unit="M1"),
        stop("open", "2026-03-02T10:10:00+01:00", work_unit="M2", product="widget"),
        stop("planned", "2026-03-02T10:00:00+01:00", work_unit="M3", planned=True),
    ]
    await post_events(conn, rates, events)
    (row,) = await rows(conn, rates, now=at("11:00"))
    assert (row.copq, row.hours) == (100, 1)
    by_product = await rows(conn, rates, now=at("11:00"), by=("product",))
    assert {r.dims["product"]: r.copq for r in by_product} == {"widget": 100, "": 0}


async def test_stops_count_in_the_hours_they_stand_in(conn: Any) -> None:
    """`time_in_stops`: 80 minutes, of them 50 in the hour of 10, 10 in that of 12, 20 of 13."""
    rates = book()
    spans = [("10:00", "10:30"), ("10:20", "10:50"), ("12:50", "13:20")]
    events = [
        stop(f"s{i}", at(start).isoformat(), at(end).isoformat(), work_unit=f"M{i}")
        for i, (start, end) in enumerate(spans)
    ]
    await post_events(conn, rates, events)
    hours = await rows(conn, rates, grain="hour")
    assert [(row.bucket, row.copq) for row in hours] == [
        (at("10:00"), 100), (at("12:00"), 20), (at("13:00"), 40),
    ]  # fmt: skip
    (day,) = await rows(conn, rates)
    assert day.copq == 160


async def test_a_stop_across_the_start_of_the_day_counts_in_both_days(conn: Any) -> None:
    """The day may start within an hour of the clock."""
    rates = book(plant(day_start="06:15"))
    events = [
        stop("s", "2026-03-02T06:05:00+01:00", "2026-03-02T06:35:00+01:00"),
        stop("open", "2026-03-03T06:05:00+01:00"),
    ]
    await post_events(conn, rates, events)
    now = datetime.fromisoformat("2026-03-03T06:35:00+01:00")
    found = await rows(conn, rates, now=now)
    assert [(row.bucket.day, row.copq) for row in found if row.bucket] == [
        (1, 20), (2, 60), (3, 40),
    ]  # fmt: skip


async def test_what_was_taken_back_leaves_no_row(conn: Any) -> None:
    """A planned stop of no cost is a row still; a reversed one is none."""
    rates = book(plant())
    first = stop("a", "2026-03-02T10:00:00+01:00", "2026-03-02T10:30:00+01:00", product="widget")
    await post_events(conn, rates, [first])
    longer = stop("b", "2026-03-02T10:00:00+01:00", "2026-03-02T10:40:00+01:00")
    await post_events(conn, rates, [longer])
    found = await rows(conn, rates, by=("product",))
    assert {row.dims["product"]: row.copq for row in found} == {"": 80}
