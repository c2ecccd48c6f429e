"""A project's month from its days, and what several projects share, to the cent."""

from datetime import date, timedelta
from decimal import Decimal as D
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from copq.improvement.savings.bridge import Effect
from copq.improvement.savings.measured import (
    Cells,
    Measured,
    Result,
    bridge_of,
    not_routine,
    results,
)
from tests.support.improvement.random_projects import JANUARY, MAY, WIDGET, check_plant, side
from tests.support.searching import soaking


def measured(
    project: int, days: list[Cells], baseline: Cells | None = None, approved: int = 0, **more: Any
) -> Measured:
    """A month of days; a baseline of one month, in which each of 100 widgets lost 1."""
    return Measured(
        project=project, approved_at=JANUARY + timedelta(days=approved),
        baseline_months=Fraction(1), baseline=baseline or {(*WIDGET, ()): side(100, 100)},
        days={MAY + timedelta(days=number): cells for number, cells in enumerate(days)}, **more,
    )  # fmt: skip


def always(*projects: int) -> dict[date, set[int]]:
    return {MAY + timedelta(days=number): set(projects) for number in range(31)}


def saved(of: dict[int, Result]) -> dict[int, tuple[D, D, D]]:
    return {project: (one.gross, one.overlap, one.net) for project, one in of.items()}


def test_alone_a_project_has_all_of_its_saving() -> None:
    own = measured(1, [{(*WIDGET, ()): side(10, 30)}, {(*WIDGET, ()): side(20, 30)}])
    assert bridge_of(own).saving == 30
    assert saved(results([own], always(1), {}, "EUR")) == {1: (30, 0, 30)}


def test_a_shared_loss_is_divided_on_the_days_on_which_both_run() -> None:
    """Each day should lose 30 and loses 10; the other project begins on the second day."""
    baseline = {(*WIDGET, ()): side(0, 100), (*WIDGET, (2,)): side(100)}
    mirror = {(*WIDGET, ()): side(0, 100), (*WIDGET, (1,)): side(100)}
    day = {(*WIDGET, ()): side(0, 30), (*WIDGET, (2,)): side(10)}
    other = {(*WIDGET, ()): side(0, 30), (*WIDGET, (1,)): side(10)}
    one = measured(1, [day, day], baseline)
    two = measured(2, [{}, other], mirror, approved=1)
    running = {MAY: {1}, MAY + timedelta(days=1): {1, 2}}
    assert saved(results([one, two], running, {}, "EUR")) == {1: (40, 10, 30), 2: (20, 10, 10)}
    shares = {frozenset({1, 2}): {1: Fraction(4, 5), 2: Fraction(1, 5)}}
    assert saved(results([one, two], running, shares, "EUR")) == {1: (40, 4, 36), 2: (20, 16, 4)}


def test_a_shared_loss_is_measured_from_the_first_approved_baseline() -> None:
    """The second project's baseline is twice as bad: its own view does not count."""
    day: Cells = {(*WIDGET, ()): side(0, 100)}
    one = measured(1, [{**day, (*WIDGET, (2,)): side(60)}],
                   {(*WIDGET, ()): side(0, 100), (*WIDGET, (2,)): side(100)})  # fmt: skip
    two = measured(2, [{**day, (*WIDGET, (1,)): side(60)}],
                   {(*WIDGET, ()): side(0, 100), (*WIDGET, (1,)): side(200)}, 9)  # fmt: skip
    assert saved(results([two, one], always(1, 2), {}, "EUR")) == {
        1: (40, 20, 20), 2: (140, 120, 20),
    }  # fmt: skip


def test_without_a_baseline_of_the_first_the_next_one_counts() -> None:
    new = ("L1", "new")
    day: Cells = {(*new, ()): side(0, 10)}
    one = measured(1, [{**day, (*new, (2,)): side(5)}])
    two = measured(2, [{**day, (*new, (1,)): side(5)}],
                   {(*new, ()): side(0, 100), (*new, (1,)): side(100)}, 9)  # fmt: skip
    found = saved(results([one, two], always(1, 2), {}, "EUR"))
    assert found == {1: (0, D("-2.5"), D("2.5")), 2: (5, D("2.5"), D("2.5"))}


def test_what_is_not_routine_is_the_projects_own() -> None:
    own = measured(1, [{(*WIDGET, ()): side(130, 100)}], accepted={"flood": D(40)})
    assert (bridge_of(own).saving, bridge_of(own).effects[Effect.NON_ROUTINE]) == (10, 40)
    assert saved(results([own], always(1), {}, "EUR")) == {1: (10, 0, 10)}


SHARED: Cells = {(*WIDGET, ()): side(0, 100), (*WIDGET, (2,)): side(100)}
MIRROR: Cells = {(*WIDGET, ()): side(0, 100), (*WIDGET, (1,)): side(100)}
EIGHTY = {frozenset({1, 2}): {1: Fraction(4, 5), 2: Fraction(1, 5)}}


def both(first: dict[str, D], second: dict[str, D]) -> dict[int, tuple[D, D, D]]:
    """The two that hold the same loss: 130 where 100 were expected."""
    one = measured(1, [{(*WIDGET, ()): side(0, 100), (*WIDGET, (2,)): side(130)}], SHARED,
                   accepted=first)  # fmt: skip
    two = measured(2, [{(*WIDGET, ()): side(0, 100), (*WIDGET, (1,)): side(130)}], MIRROR, 9,
                   accepted=second)  # fmt: skip
    return saved(results([two, one], always(1, 2), EIGHTY, "EUR"))


@pytest.mark.parametrize("stated_by", [1, 2])
def test_what_is_not_routine_is_divided_as_the_loss_that_it_explains(stated_by: int) -> None:
    """Whichever of them says so: -30 + 40 = 10, of which 8 and 2."""
    flood = {"report 7": D(40)}
    found = both(flood, {}) if stated_by == 1 else both({}, flood)
    gross = {1: D(-30), 2: D(-30)} | {stated_by: D(10)}
    assert found == {p: (gross[p], gross[p] - net, net) for p, net in ((1, 8), (2, 2))}


def test_one_event_counts_once_for_all_who_share_the_loss() -> None:
    """The same evidence is the same event, and the project approved first says what it is."""
    found = both({"report 7": D(40)}, {"report 7": D(35), "strike": D(10)})
    assert found == {1: (10, -6, 16), 2: (15, 11, 4)}


def test_what_is_not_routine_is_shared_as_the_losses_of_the_month_are() -> None:
    """Of 40, a quarter is of the losses that both hold; a product without a baseline has none."""
    lost: Cells = {
        (*WIDGET, ()): side(75, 100),
        (*WIDGET, (2,)): side(25),
        ("L1", "new", (2,)): side(9),
    }
    one = measured(1, [lost], {(*WIDGET, ()): side(50, 100), (*WIDGET, (2,)): side(50)},
                   accepted={"flood": D(40)})  # fmt: skip
    two = measured(2, [{(*WIDGET, ()): side(0, 100), (*WIDGET, (1,)): side(25)}],
                   {(*WIDGET, ()): side(0, 100), (*WIDGET, (1,)): side(50)}, 9)  # fmt: skip
    assert saved(results([one, two], always(1, 2), EIGHTY, "EUR")) == {
        1: (40, 7, 33), 2: (25, 18, 7),
    }  # fmt: skip


def test_where_nothing_was_lost_it_is_the_projects_own() -> None:
    own = measured(1, [{(*WIDGET, (2,)): side(0, 30)}], accepted={"lull": D(-7)})
    assert not_routine(own, always(1, 2)) == {frozenset({1}): {"lull": -7}}


def test_a_substitute_makes_a_new_product_comparable() -> None:
    new = ("L1", "new")
    days: list[Cells] = [{(*WIDGET, ()): side(100, 100), (*new, ()): side(4, 10)}]
    assert bridge_of(measured(1, days)).without_baseline == (new,)
    own = measured(1, days, substitutes={new: WIDGET})
    assert (bridge_of(own).saving, bridge_of(own).without_baseline) == (6, ())
    assert saved(results([own], always(1), {}, "EUR")) == {1: (6, 0, 6)}


def test_units_of_the_line_once_more_are_no_volume_where_nothing_was_lost() -> None:
    made: Cells = {("L1", "", ()): side(0, 100), ("", "", ()): side(0, 100)}
    own = measured(1, [{(*WIDGET, ()): side(50, 50), **made}],
                   {(*WIDGET, ()): side(100, 100), **made})  # fmt: skip
    found = bridge_of(own)
    assert (found.effects[Effect.VOLUME], found.effects[Effect.MIX], found.saving) == (-50, 0, 0)
    assert found.without_baseline == ()


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_net_savings_are_the_savings_of_all_places_in_any_month(currency: str) -> None:
    random = Random(currency)
    for _ in range(100_000 if soaking() else 50):
        check_plant(random, currency)
