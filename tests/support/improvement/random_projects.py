"""Months of random projects that share losses, and the laws that each of them keeps."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from fractions import Fraction
from random import Random
from typing import Any

from copq.improvement.savings.bridge import Side
from copq.improvement.savings.cents import amount
from copq.improvement.savings.measured import (
    Measured,
    Members,
    Place,
    bridge_of,
    divided,
    savings_of,
)

MAY = date(2026, 5, 1)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
WIDGET: Place = ("L1", "widget")
DAYS = [MAY + timedelta(days=number) for number in range(7)]
EVENTS = ["flood", "strike"]


def side(lost: Any = 0, made: Any = 0) -> Side:
    return Side(booked=D(lost), at_frozen_rates=D(lost), exposure=D(made))


def random_cents(random: Random, most: int = 10**7) -> D:
    whole = int(random.random() * (most + most // 10)) - most // 10
    return D(whole).scaleb(-int(random.random() * 10))


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
            for number in range(len(DAYS)):
                loss, units = random_cents(random), int(random.random() * 51)
                for p in holders:
                    if spans[p][0] <= number <= spans[p][1]:
                        at = days[p][DAYS[number]]
                        at[(*place, ())] = _with(at.get((*place, ())), units)
                        _add(at, (*place, tuple(sorted(holders - {p}))), side(loss))
    found = [
        Measured(
            project=p, approved_at=JANUARY + timedelta(days=random.randint(0, 2)),
            baseline_months=Fraction(random.randint(1, 400), 30), baseline=before[p], days=days[p],
            accepted={of: random_cents(random) for of in EVENTS if random.random() < 0.4},
        )
        for p in projects
    ]  # fmt: skip
    running = {
        day: {p for p in projects if spans[p][0] <= n <= spans[p][1]} for n, day in enumerate(DAYS)
    }
    return found, running


def _add(cells: dict[Any, Side], name: Any, more: Side) -> None:
    old = cells.get(name, Side())
    lost = old.booked + more.booked
    cells[name] = Side(booked=lost, at_frozen_rates=lost, exposure=old.exposure)


def _with(old: Side | None, made: int) -> Side:
    old = old or Side()
    return Side(booked=old.booked, at_frozen_rates=old.at_frozen_rates, exposure=D(made))


def _by_approval(projects: list[Measured]) -> list[Measured]:
    return sorted(projects, key=lambda one: (one.approved_at, one.project))


def check_plant(random: Random, currency: str) -> int:
    """Measure a random plant's month; raises `AssertionError` unless all of it adds up. Returns
    the number of project-months."""
    projects, running = random_plant(random)
    savings = [(own, savings_of(own, running)) for own in _by_approval(projects)]
    found = divided(savings, {}, currency)
    by_set: dict[Members, list[tuple[Measured, Any]]] = defaultdict(list)
    for own, of in savings:
        exact = sum((part for places in of.values() for part in places.values()), Fraction())
        bridge = bridge_of(own)
        assert exact == bridge.saving
        for members, places in of.items():
            by_set[members].append((own, places))
        shown = bridge.rounded(currency, found[own.project].gross)
        assert (shown.residual, shown.saving) == (0, found[own.project].gross)
    whole = D(0)
    for own_views in by_set.values():
        saving: dict[Any, Fraction] = {}
        for own, places in own_views:
            for place in {place for _, seen in own_views for place in seen}:
                if place in places if isinstance(place, str) else own.standard(place) is not None:
                    saving.setdefault(place, places.get(place, Fraction()))
        whole += amount(sum(saving.values(), Fraction()), currency)
    assert sum(one.net for one in found.values()) == whole
    return len(projects)
