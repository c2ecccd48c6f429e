"""Limits come from the baseline; each of Nelson's tests is met by its points and by no fewer."""

import numpy as np
import pytest

from copq.improvement.evidence.charts import (
    Counts,
    ewma_chart,
    p_chart,
    u_chart,
    xmr_chart,
)
from copq.improvement.evidence.days import NotEnoughDays
from copq.improvement.evidence.signals import Rule, Signal, signals

CASES = [
    (Rule.BEYOND, [0.0, 3.1]),
    (Rule.ONE_SIDE, [0.1, 0.5, 0.2, 0.9, 0.3, 0.8, 0.1, 0.4, 0.2]),
    (Rule.STEADY, [-0.9, -0.7, -0.2, 0.1, 0.5, 0.6]),
    (Rule.ALTERNATING, [0.5, -0.5] * 7),
    (Rule.TWO_OF_THREE, [-2.1, 0.0, -2.1]),
    (Rule.FOUR_OF_FIVE, [1.1, 1.2, -0.1, 1.3, 1.1]),
    (Rule.WITHIN, [0.1, 0.2, -0.3] * 5),
    (Rule.OUTSIDE, [1.1, -1.2, -1.3, 1.1, 1.2, -1.1, -1.2, 1.2]),
]


@pytest.mark.parametrize(("rule", "scores"), CASES, ids=[rule.name for rule, _ in CASES])
def test_a_rule_is_met_by_its_points_and_not_by_fewer(rule: Rule, scores: list[float]) -> None:
    assert Signal(len(scores) - 1, rule) in signals(np.array(scores))
    assert rule not in {signal.rule for signal in signals(np.array(scores[:-1]))}


def test_calm_points_give_no_signal() -> None:
    assert signals(np.array([0.5, -1.2, 0.3, 1.1, -0.4, -0.2, 0.8, -1.3, 0.1, 0.4])) == []


def test_the_limits_of_a_u_chart_widen_with_the_variation_from_day_to_day() -> None:
    """By hand: shares 0.1 and 0.3 in turn around 0.2, of 100 units: sigma = sqrt(0.2 / 100), each
    moving range is 0.2 / sigma, so Laney's limits are 0.2 +- 3 x 0.2 / 1.128."""
    baseline = Counts(np.resize([10.0, 30.0], 20), np.full(20, 100.0))
    chart = u_chart(baseline, Counts(np.array([20.0, 90.0]), np.array([100.0, 400.0])))
    assert chart.centre == pytest.approx(0.2)
    assert chart.high - chart.centre == pytest.approx([3 * 0.2 / 1.128, 1.5 * 0.2 / 1.128])
    assert chart.signals == []


def test_a_large_subgroup_does_not_make_every_day_an_alarm() -> None:
    random = np.random.default_rng(1)
    shares = random.normal(0.02, 0.002, 400)
    counts = Counts(random.binomial(200_000, shares).astype(float), np.full(400, 200_000.0))
    baseline, since = (Counts(counts.events[part], counts.of[part])
                       for part in (slice(200), slice(200, None)))  # fmt: skip
    chart = p_chart(baseline, since)
    plain = 3 * np.sqrt(chart.centre * (1 - chart.centre) / since.of)
    assert (np.abs(chart.values - chart.centre) > plain).mean() > 0.4
    assert sum(signal.rule is Rule.BEYOND for signal in chart.signals) <= 4


def test_the_chart_of_single_values_has_limits_of_the_moving_range() -> None:
    chart = xmr_chart(np.resize([9.0, 11.0], 20), np.array([10.0, 20.0]))
    assert chart.high == pytest.approx([10 + 2.66 * 2] * 2, abs=0.01)  # 3 / 1.128 = 2.66
    assert Signal(1, Rule.BEYOND) in chart.signals


def test_the_moving_average_finds_a_small_change_that_lasts() -> None:
    random = np.random.default_rng(2)
    chart = ewma_chart(random.normal(10, 1, 200), random.normal(11, 1, 60))
    assert chart.signals and chart.signals[0].place < 30
    assert ewma_chart(random.normal(10, 1, 2_000), random.normal(10, 1, 60)).signals == []


def test_counts_that_cannot_be_are_refused() -> None:
    counts = Counts(np.full(20, 3.0), np.full(20, 2.0))
    with pytest.raises(ValueError, match="use the chart of defects per unit"):
        p_chart(counts, counts)
    with pytest.raises(ValueError, match="leave it out"):
        Counts(np.ones(2), np.array([1.0, 0.0]))
    with pytest.raises(NotEnoughDays, match="13 days in the baseline: 14 are needed"):
        xmr_chart(np.ones(13), np.ones(3))


def test_where_nothing_varies_any_difference_is_a_signal() -> None:
    assert xmr_chart(np.ones(20), np.array([1.0, 1.1])).signals == [Signal(1, Rule.BEYOND)]
