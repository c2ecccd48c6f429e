"""What each production day adds to a cause: its losses, less what its units usually lose."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from copq.figures.why_changes import DIMENSIONS, MADE, Change
from copq.figures.why_days import ByDay, ChangeDays
from copq.figures.why_rows import ChangePart
from copq.figures.why_windows import Windows
from copq.figures.why_words import finding, way_of_testing
from copq.figures.window import Window
from copq.improvement.explaining.explain import Explanation, Leaf, Part
from copq.improvement.explaining.exposure import Values

D = Decimal
NONE = Fraction(0)
FIRST = date(2026, 5, 1)
GROUP: Values = ("north", "L1", "widget")
LINE: Values = ("north", "L1", None)


def change_of(units: Mapping[Values, ByDay], losses: Mapping[Values, ByDay], days: int) -> Change:
    """Two windows of so many days."""
    middle = FIRST + timedelta(days)
    windows = Windows(Window(FIRST, middle), Window(middle, middle + timedelta(days)))
    change = Change("EUR", windows)
    for group, made in units.items():
        change.units[group] = both(made, middle)
    for group, lost in losses.items():
        before, after = both(lost, middle)
        values = dict.fromkeys(DIMENSIONS) | dict(zip(MADE, group, strict=True))
        change.leaves.append(Leaf(tuple(values.values()), before, after))
    return change


def both(by_day: ByDay, middle: date) -> tuple[Decimal, Decimal]:
    before = sum((amount for day, amount in by_day.items() if day < middle), D(0))
    return before, sum(by_day.values(), D(0)) - before


def every_day(*amounts: int) -> ByDay:
    return {FIRST + timedelta(day): D(amount) for day, amount in enumerate(amounts)}


def by_days(
    units: dict[Values, ByDay], losses: dict[Values, ByDay], days: int, choices: float = 1
) -> tuple[Part, Explanation]:
    """A cause that all losses are of."""
    change = change_of(units, losses, days)
    part = Part({"line": "L1"}, (), D(0), D(0), NONE, D(0), NONE, NONE, 0, 0, 0.001, choices)
    found = replace(change.explained(), parts=(part,))
    [own] = ChangeDays(change, found, {0: losses}, {**units}).tested().parts
    return own, found


def p_value(
    units: dict[Values, ByDay], losses: dict[Values, ByDay], days: int
) -> tuple[float, str]:
    part, _ = by_days(units, losses, days)
    return part.p_value, part.p_value_by


def test_more_losses_of_more_units_are_no_evidence() -> None:
    made = every_day(*[100] * 20, *[300] * 20)
    lost = every_day(*[10] * 20, *[30] * 20)
    assert p_value({GROUP: made}, {GROUP: lost}, 20) == (1, "days")
    assert p_value({GROUP: made}, {LINE: lost}, 20) == (1, "days")


def test_a_mix_of_products_that_lose_more_is_no_evidence() -> None:
    other: Values = ("north", "L1", "gadget")
    units = {GROUP: every_day(*[90] * 20, *[10] * 20), other: every_day(*[10] * 20, *[90] * 20)}
    losses = {GROUP: every_day(*[90] * 20, *[10] * 20), other: every_day(*[50] * 20, *[450] * 20)}
    assert p_value(units, losses, 20) == (1, "days")


def test_a_higher_rate_on_each_day_is_evidence() -> None:
    made = every_day(*[100] * 40)
    lost = every_day(*[9, 10, 11, 10] * 5, *[14, 15, 16, 15] * 5)
    chance, by = p_value({GROUP: made}, {GROUP: lost}, 20)
    assert (by, chance < 1e-6) == ("days", True)
    assert p_value({}, {GROUP: lost}, 20) == (chance, "days")


def test_holidays_are_no_production_days() -> None:
    """Of 25 days in each window, 5 have units: too few for a cause that was picked from three."""
    week = [1, 0, 0, 0, 0]
    made = {GROUP: every_day(*[100 * day for day in week * 10])}
    lost = {GROUP: every_day(*[10 * day for day in week * 5], *[20 * day for day in week * 5])}
    part, _ = by_days(made, lost, 25)
    assert (part.p_value, part.p_value_by) == (pytest.approx(2 / 252, rel=0.2), "days")
    part, _ = by_days(made, lost, 25, choices=3)
    assert (part.p_value, part.p_value_by) == (0.001, "entries")


def test_what_was_not_made_before_has_no_part_in_it() -> None:
    new: Values = ("north", "L1", "new")
    units = {GROUP: every_day(*[100] * 40), new: every_day(*[0] * 20, *[100] * 20)}
    losses = {GROUP: every_day(*[10] * 40), new: every_day(*[0] * 20, *[500] * 20)}
    assert p_value(units, losses, 20) == (1, "days")


def test_a_window_before_may_come_later() -> None:
    made, lost = every_day(*[100] * 40), every_day(*[10] * 20, *[15] * 20)
    change = change_of({GROUP: made}, {GROUP: lost}, 20)
    part, found = by_days({GROUP: made}, {GROUP: lost}, 20)
    change.windows = Windows(change.windows.after, change.windows.before)
    [own] = ChangeDays(change, found, {0: {GROUP: lost}}, {GROUP: made}).tested().parts
    assert own.p_value == part.p_value and own.p_value_by == "days"


def test_a_cause_that_may_be_chance_is_said_to_be_so() -> None:
    made = every_day(*[100] * 40)
    lost = every_day(*[10] * 39, 500)
    part, found = by_days({GROUP: made}, {GROUP: lost}, 20)
    words = finding(replace(found, parts=(part,)), "EUR")
    assert "line L1 0.00 (may be chance: p = 1);" in words
    assert "chance" not in finding(replace(found, parts=(replace(part, p_value=1e-6),)), "EUR")


def test_a_sentence_says_how_causes_were_tested() -> None:
    def cause(name: str, by: str) -> ChangePart:
        return ChangePart(currency="EUR", kind="cause", cause=name, change=D(1), p_value_by=by)

    many, few = cause("line L1", "days"), cause("line L2, supplier B", "entries")
    assert way_of_testing([]) == ""
    days = "p of a cause: by permuting the production days of both windows."
    assert way_of_testing([many]) == days
    assert way_of_testing([few]).endswith("too few production days to permute.")
    assert way_of_testing([many, few]) == (
        f"{days} There are too few days for line L2, supplier B: p takes entries as independent."
    )
