"""The daily series of a project: what was not routine is taken out of its month."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from fractions import Fraction
from typing import Any

from copq.figures.project_series import bounds, daily_series
from copq.improvement.savings.bridge import Side
from copq.improvement.savings.measured import CellName, Measured, bridge_of

CELL: CellName = ("L1", "widget", ())
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def side(lost: Any, made: Any = 0) -> Side:
    return Side(booked=D(lost), at_frozen_rates=D(lost), exposure=D(made))


def measured(days: Any, **accepted: D) -> Measured:
    """A unit lost 1 in the baseline."""
    return Measured(
        accepted=accepted,
        project=1, approved_at=datetime(2026, 1, 1, tzinfo=UTC), baseline_months=Fraction(1),
        baseline={CELL: side(100, 100)}, days=days,
    )  # fmt: skip


def test_an_amount_is_taken_out_of_the_days_of_its_month_that_lost_most() -> None:
    days = {
        date(2026, 5, 4): {CELL: side(30, 10)}, date(2026, 5, 5): {CELL: side(30, 30)},
        date(2026, 5, 6): {CELL: side(10, 20)}, date(2026, 6, 1): {CELL: side(90, 10)},
    }  # fmt: skip
    found = daily_series(measured(days), days, {MAY: D(20)})
    assert found.days == sorted(days)
    assert found.expected == [10, 30, 20, 10]
    assert found.not_routine == [20, 0, 0, 0] and found.lost == [10, 30, 10, 90]
    more = daily_series(measured(days), days, {MAY: D(30)})
    assert more.not_routine == [Fraction(45, 2), Fraction(15, 2), 0, 0], "to the level 3/4"
    less = daily_series(measured(days), days, {MAY: D(-10)})
    assert less.not_routine == [0, 0, -10, 0], (
        "the lowest day is brought to the level of a normal one"
    )
    assert sum(daily_series(measured(days), days, {MAY: D(99)}).not_routine) == 99


def test_a_day_without_production_bears_it_on_the_next_one_with() -> None:
    days = {
        date(2026, 5, 3): {CELL: side(40)}, date(2026, 5, 4): {CELL: side(10, 10)},
        date(2026, 5, 5): {CELL: side(10, 10)},
    }  # fmt: skip
    found = daily_series(measured(days), days, {MAY: D(40)})
    assert found.not_routine == [0, 40, 0]
    assert found.statistics_days().lost.tolist() == [10, 10]


def test_days_that_expect_nothing_bear_it_equally() -> None:
    days = {date(2026, 5, 4): {CELL: side(30)}, date(2026, 5, 5): {CELL: side(10)}}
    assert daily_series(measured(days), days, {MAY: D(20)}).lost == [20, 0]


def test_a_month_without_days_has_one_for_what_was_not_routine() -> None:
    days = {date(2026, 6, 2): {CELL: side(7, 10)}}
    found = daily_series(measured(days), days, {MAY: D(20)})
    assert (found.days, found.lost, found.expected) == ([MAY, date(2026, 6, 2)], [-20, 7], [0, 10])
    assert found.statistics_days().lost.tolist() == [-13], "it counts on the next day"


def test_the_series_of_a_month_adds_up_to_its_bridge() -> None:
    days = {date(2026, 5, n): {CELL: side(n, 10)} for n in range(1, 29)}
    own = measured(days, note=D(30), letter=D(20))
    found = daily_series(own, days, {MAY: D(50)})
    saved = sum(found.expected, Fraction()) - sum(found.lost, Fraction())
    assert saved == bridge_of(own).saving
    before = {date(2026, 1, n): {CELL: side(9 + n % 3, 10)} for n in range(1, 29)}
    interval = bounds(own, daily_series(own, before, {}), "EUR")
    assert interval["low"] < saved < interval["high"]
