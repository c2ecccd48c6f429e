"""P-values by permuting days: exact where they can be counted, and honest where lots are bad."""

from collections.abc import Sequence
from decimal import Decimal as D
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
import pytest
from scipy import stats

from copq.improvement.explaining.days import DRAWN, beyond, day_p_values, enough_days
from copq.improvement.explaining.explain import Leaf, explain
from copq.improvement.explaining.exposure import Exposure
from copq.improvement.explaining.search import SIGNIFICANCE

NAMES = ("line", "product", "code", "supplier")
LEAVES = list(product("123", "ab", "xyz", "AB"))


def of_days(before: Sequence[float], after: Sequence[float]) -> tuple[Any, Any]:
    days = np.array([*before, *after], dtype=np.float64)
    is_after = np.arange(len(days)) >= len(before)
    return (days - days.mean())[:, None], is_after


def exact(excess: Any, is_after: Any) -> float:
    """Over all windows of as many days."""
    own = abs(excess[is_after].sum()) - 1e-9
    chosen = combinations(excess[:, 0], int(is_after.sum()))
    far = sum(bool(abs(sum(days)) >= own) for days in chosen)
    return far / comb(len(is_after), int(is_after.sum()))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("after", [3, 6])
def test_the_chance_is_that_of_all_possible_windows(seed: int, after: int) -> None:
    drawn = np.random.default_rng(seed)
    excess, is_after = of_days(list(drawn.gamma(1, 1, 9)), list(drawn.gamma(1, 2, after)))
    whole = exact(excess, is_after)
    [p_value] = day_p_values(excess, is_after, [1])
    assert p_value == pytest.approx(whole, abs=4 * (whole / DRAWN) ** 0.5)


@pytest.mark.parametrize("bad", [13, 16, 20])
def test_a_chance_too_small_to_count_is_never_too_small(bad: int) -> None:
    """Of 20 days against 20, all bad ones are after: counted without drawing."""
    excess, is_after = of_days([0] * 20, [1] * bad + [0] * (20 - bad))
    whole = 2 * comb(40 - bad, 20) / comb(40, 20)
    [p_value] = day_p_values(excess, is_after, [1])
    assert whole <= p_value < 1e-4


def test_no_chance_is_below_one_in_all_possible_windows() -> None:
    excess, is_after = of_days([0, 0, 0, 0, 0, 0], [9, 9, 9, 9, 9, 9, 9])
    [p_value] = day_p_values(excess, is_after, [1])
    assert p_value >= 1 / comb(13, 6)


def test_one_bad_day_is_no_evidence() -> None:
    """It is in one of the windows wherever they are."""
    excess, is_after = of_days([1.0] * 14, [1.0] * 13 + [500])
    assert day_p_values(excess, is_after, [1]) == [1]


def test_days_that_never_differ_are_no_evidence() -> None:
    excess, is_after = of_days([3.0] * 14, [3.0] * 14)
    assert day_p_values(excess, is_after, [1]) == [1]


def test_it_is_corrected_for_the_choices_and_by_the_rate_of_false_discoveries() -> None:
    drawn = np.random.default_rng(1)
    excess, is_after = of_days(list(drawn.normal(0, 1, 15)), list(drawn.normal(1.0, 1, 15)))
    [one] = day_p_values(excess, is_after, [1])
    assert 0.001 < one < 0.05
    assert day_p_values(excess, is_after, [10]) == [pytest.approx(10 * one)]
    assert day_p_values(excess, is_after, [10_000]) == [1]
    both = np.hstack([excess, excess])
    assert day_p_values(both, is_after, [2, 2]) == [pytest.approx(one)] * 2
    assert day_p_values(both, is_after, [1, 10_000]) == [pytest.approx(one), 1]
    assert day_p_values(excess[:, :0], is_after, []) == []


@pytest.mark.parametrize("skew", [-2.5, -0.3, 0, 1e-6, 4.9e-3, 5.1e-3, 1.2])
def test_a_small_chance_is_that_of_pearsons_curve(skew: float) -> None:
    size = np.array([0.5, 2, 5, 7])
    whole = stats.pearson3.sf(size, skew) + stats.pearson3.cdf(-size, skew)
    assert beyond(size, np.full(4, skew)) == pytest.approx(whole, rel=5e-2)


@pytest.mark.parametrize("causes", range(1, 9))
def test_false_discoveries_are_controlled_as_scipy_does(causes: int) -> None:
    drawn = np.random.default_rng(causes)
    days = drawn.normal(0, 1, (24, causes))
    days[12:] += drawn.uniform(0, 2, causes)
    excess, is_after = days - days.mean(axis=0), np.arange(24) >= 12
    single = [day_p_values(excess[:, [place]], is_after, [1])[0] for place in range(causes)]
    found = day_p_values(excess, is_after, [causes] * causes)
    assert found == pytest.approx(stats.false_discovery_control(single))


@pytest.mark.parametrize(("before", "after", "choices", "enough"), [
    (1, 1, 1, False), (28, 1, 1, False), (10, 10, 1_000, True), (9, 9, 1_000, False),
    (28, 5, 1_000, True), (28, 4, 1_000, False), (30, 0, 1, False), (0, 0, 1, False),
])  # fmt: skip
def test_days_are_enough_where_the_most_extreme_window_is_significant(
    before: int, after: int, choices: float, enough: bool
) -> None:
    assert enough_days(before, after, choices) is enough


def counts_with_bad_lots(seed: int, lot: float, more: float = 1) -> Any:
    """Of 30 days and 30: on one day in ten, a code of a line is `lot` times as frequent.

    After, line 2 with supplier B is `more` times as frequent.
    """
    drawn = np.random.default_rng(seed)
    usual = drawn.gamma(2, 0.5, len(LEAVES))
    rows = []
    for day in range(60):
        bad = {(line, code) for line in "123" for code in "xyz" if drawn.random() < 0.1}
        lots = [lot if (leaf[0], leaf[2]) in bad else 1 for leaf in LEAVES]
        moved = [more if day >= 30 and (leaf[0], leaf[3]) == ("2", "B") else 1 for leaf in LEAVES]
        rows.append(drawn.poisson(usual * np.array(lots) * np.array(moved)))
    return np.array(rows, dtype=np.float64)


def by_days(counts: Any) -> list[tuple[dict[str, str | None], float]]:
    """The causes that the search names, with their p-values by days."""
    before, after = counts[:30].sum(axis=0), counts[30:].sum(axis=0)
    leaves = [
        Leaf(values, D(int(b)), D(int(a)), b, a, int(b), int(a))
        for values, b, a in zip(LEAVES, before, after, strict=True)
    ]
    parts = explain(NAMES, leaves, Exposure((), {(): (D(30), D(30))})).parts
    excess = np.zeros((60, len(parts)))
    for column, part in enumerate(parts):
        own = counts[:, [part.has(dict(zip(NAMES, leaf, strict=True))) for leaf in LEAVES]]
        excess[:, column] = own.sum(axis=1) - own.sum(axis=1).mean()
    p_values = day_p_values(excess, np.arange(60) >= 30, [part.choices for part in parts])
    return [(dict(part.filters), p) for part, p in zip(parts, p_values, strict=True)]


def test_where_lots_are_bad_by_chance_no_cause_is_certain() -> None:
    """The search alone, which takes entries as independent, names some."""
    found = [by_days(counts_with_bad_lots(seed, 15)) for seed in range(100)]
    named = [causes for causes in found if causes]
    assert len(named) == 12
    assert [p for causes in named for _, p in causes if p < SIGNIFICANCE] == []


def test_a_cause_that_lasts_is_certain_in_spite_of_bad_lots() -> None:
    """Of those that the search names, which misses some of them."""
    cause = {"line": "2", "supplier": "B"}
    found = [by_days(counts_with_bad_lots(seed, 6, 4)) for seed in range(30)]
    named = [causes for causes in found if cause in [names for names, _ in causes]]
    certain = [[names for names, p in causes if p < SIGNIFICANCE] for causes in named]
    assert len(named) == 27
    assert certain == [[cause]] * len(named)
