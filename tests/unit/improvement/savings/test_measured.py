"""A project's month from its days, and what several projects share, to the cent."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from copq.improvement.savings.bridge import Effect, Side
from copq.improvement.savings.cents import amount
from copq.improvement.savings.measured import (
    Cells,
    Measured,
    Members,
    Place,
    Result,
    bridge_of,
    results,
    savings_of,
)
from tests.support.searching import soaking

MAY = date(2026, 5, 1)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
WIDGET: Place = ("L1", "widget")


def side(lost: Any = 0, made: Any = 0) -> Side:
    return Side(booked=D(lost), at_frozen_rates=D(lost), exposure=D(made))


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
    own = measured(1, [{(*WIDGET, ()): side(130, 100)}], non_routine=D(40))
    assert (bridge_of(own).saving, bridge_of(own).effects[Effect.NON_ROUTINE]) == (10, 40)
    assert saved(results([own], always(1), {}, "EUR")) == {1: (10, 0, 10)}


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


def random_cents(random: Random, most: int = 10**7) -> D:
    return D(random.randint(-most // 10, most)).scaleb(-random.randint(0, 9))


def random_plant(random: Random) -> tuple[list[Measured], dict[date, set[int]]]:
    """Up to four projects with one ledger: each loss is held by some of them, whose cells agree."""
    projects = list(range(1, random.randint(2, 5)))
    places = [WIDGET, ("L1", "gadget"), ("L2", "widget"), ("L1", ""), ("", "")]
    spans = {p: (random.randint(0, 3), random.randint(3, 6)) for p in projects}
    before: dict[int, dict[Any, Side]] = {p: {} for p in projects}
    days: dict[int, dict[date, dict[Any, Side]]] = {p: defaultdict(dict) for p in projects}
    made = {place: random.choice([0, random.randint(1, 900)]) for place in places}
    made[WIDGET] = 7
    same = random.random() < 0.5
    for place in places:
        for p in projects:
            units = made[place] if same else max(made[place], 1)
            before[p][(*place, ())] = side(0, units)
        for _ in range(random.randint(0, 3)):
            holders = frozenset(random.sample(projects, random.randint(1, len(projects))))
            lost = random_cents(random)
            for p in holders:
                own = lost if same else random_cents(random)
                _add(before[p], (*place, tuple(sorted(holders - {p}))), side(own))
            for number in range(7):
                loss, units = random_cents(random), random.randint(0, 50)
                for p in holders:
                    if spans[p][0] <= number <= spans[p][1]:
                        at = days[p][MAY + timedelta(days=number)]
                        at[(*place, ())] = _with(at.get((*place, ())), units)
                        _add(at, (*place, tuple(sorted(holders - {p}))), side(loss))
    found = [
        Measured(
            project=p, approved_at=JANUARY + timedelta(days=random.randint(0, 2)),
            baseline_months=Fraction(random.randint(1, 400), 30), baseline=before[p], days=days[p],
            non_routine=random.choice([D(0), random_cents(random)]),
        )
        for p in projects
    ]  # fmt: skip
    running = {
        MAY + timedelta(days=n): {p for p in projects if spans[p][0] <= n <= spans[p][1]}
        for n in range(7)
    }
    return found, running


def _add(cells: dict[Any, Side], name: Any, more: Side) -> None:
    old = cells.get(name, Side())
    lost = old.booked + more.booked
    cells[name] = Side(booked=lost, at_frozen_rates=lost, exposure=old.exposure)


def _with(old: Side | None, made: int) -> Side:
    old = old or Side()
    return Side(booked=old.booked, at_frozen_rates=old.at_frozen_rates, exposure=D(made))


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_net_savings_are_the_savings_of_all_places_in_any_month(currency: str) -> None:
    random = Random(currency)
    for _ in range(100_000 if soaking() else 50):
        projects, running = random_plant(random)
        found = results(projects, running, {}, currency)
        by_set: dict[Members, list[tuple[Measured, Any]]] = defaultdict(list)
        for own in sorted(projects, key=lambda one: (one.approved_at, one.project)):
            of = savings_of(own, running)
            exact = sum((part for places in of.values() for part in places.values()), Fraction())
            assert exact == bridge_of(own).saving
            for members, places in of.items():
                by_set[members].append((own, places))
            shown = bridge_of(own).rounded(currency, found[own.project].gross)
            assert (shown.residual, shown.saving) == (0, found[own.project].gross)
        whole = D(0)
        for own_views in by_set.values():
            saving: dict[Any, Fraction] = {}
            for own, places in own_views:
                for place in {place for _, seen in own_views for place in seen}:
                    if place is None or own.standard(place) is not None:
                        saving.setdefault(place, places.get(place, Fraction()))
            whole += amount(sum(saving.values(), Fraction()), currency)
        assert sum(one.net for one in found.values()) == whole
