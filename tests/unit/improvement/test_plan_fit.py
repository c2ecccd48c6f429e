"""The dynamic model fitted to a programme's months, and refused where they say too little."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from copq.improvement.dynamic_model import PlanRefused
from copq.improvement.history import FitRefused, Month, Programme
from copq.improvement.plan_fit import NAMES, fit
from tests.support.improvement.programmes import BASE, LOSS, TRUTH, month, programme


@pytest.mark.parametrize("volumes", [(1,), (1, 3, 2)])
def test_exact_months_give_their_parameters_back_whatever_the_volume(volumes: tuple[int]) -> None:
    found = fit(programme(volumes=volumes), 2)
    for name in NAMES:
        assert abs(getattr(found.parameters, name) - getattr(TRUTH, name)) < D("1e-5"), name
        low, high = found.intervals[name]
        assert low <= getattr(TRUTH, name) <= high
    assert (found.savings, found.currency, found.months) == (12 * LOSS, "EUR", 18)
    assert found.explained > D("0.999999")


def test_noise_widens_the_intervals_and_they_hold_the_truth() -> None:
    found = fit(programme(noise=0.002, seed=3), 2)
    for name, (low, high) in found.intervals.items():
        assert low < getattr(TRUTH, name) < high, name
        assert low <= getattr(found.parameters, name) <= high, name
    assert found.intervals["c"][1] - found.intervals["c"][0] > D("0.005")


def test_months_that_scatter_do_not_determine_the_parameters() -> None:
    with pytest.raises(FitRefused, match="do not determine m: every value from"):
        fit(programme(noise=0.02, indicators=1), 1)


def test_a_parameter_that_is_held_determines_the_others() -> None:
    found = fit(programme(noise=0.02, indicators=1), 1, {"m": D("0.01")})
    assert found.parameters.m == D("0.01") and "m" not in found.intervals
    low, high = found.intervals["c"]
    assert low < D("0.05") < high and high - low < D("0.02")


def spend(found: Programme, spending: list[D]) -> Programme:
    pairs = zip(found.months, spending, strict=True)
    return replace(found, months=[replace(one, spending=money) for one, money in pairs])


def lose(found: Programme, failure: list[D]) -> Programme:
    pairs = zip(found.months, failure, strict=True)
    return replace(found, months=[replace(one, failure=money) for one, money in pairs])


WHOLE = programme()
IDLE = [month(12 + n, D(1), LOSS, D(0)) for n in range(8)]
NO_BASELINE = [Month(one.month, D(0), D(0), BASE) for one in WHOLE.baseline]
REFUSED = [
    (programme(11), "has 11 whole months with production, and 12 are needed"),
    (replace(WHOLE, months=[*WHOLE.months[:10], *IDLE]), "has 10 whole months with production"),
    (programme(baseline=2), "has 2 months before the programme, and 3 are needed"),
    (replace(WHOLE, baseline=NO_BASELINE), "have no failure cost"),
    (replace(WHOLE, baseline=IDLE), "have no production"),
    (spend(WHOLE, [D(0)] * 18), "nothing was spent on prevention and appraisal"),
    (spend(WHOLE, [D(50) * n for n in range(1, 19)]), "the spending rises by"),
    (spend(WHOLE, [D(400) * (n % 7 == 3) for n in range(18)]), "do not determine alpha"),
    (lose(WHOLE, [LOSS] * 18), "did not vary"),
    (lose(WHOLE, [LOSS * 2 + n for n in range(18)]), "did not fall below"),
    (lose(WHOLE, [LOSS * n / 18 for n in range(18)]), "do not follow the spending"),
]


@pytest.mark.parametrize(("found", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_a_history_that_says_too_little_is_refused_with_the_reason(
    found: Programme, reason: str
) -> None:
    with pytest.raises(FitRefused) as refused:
        fit(found, 2)
    assert reason in str(refused.value)


def test_a_number_of_indicators_outside_the_model_is_refused() -> None:
    with pytest.raises(PlanRefused, match="indicators is 0"):
        fit(WHOLE, 0)
