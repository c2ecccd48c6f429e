"""What a project returns: ROI, payback, present value, internal rate."""

from datetime import date
from decimal import Decimal as D
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.savings.over_time import (
    Unknown,
    internal_rate,
    payback,
    present_value,
    roi,
)
from tests.support.improvement.independent_returns import irr_of, npv_of
from tests.support.searching import examples


def month(after: int) -> date:
    return date(2026 + after // 12, after % 12 + 1, 1)


def test_return_on_investment() -> None:
    assert roi(D(150), D(100)) == D("0.5")
    assert roi(D(150), D(0)) == Unknown("nothing was invested")


def test_payback_is_the_first_month_in_which_savings_exceed_the_investment() -> None:
    saved = {month(number): D(10) for number in range(1, 6)}
    assert payback(saved, {month(0): D(25)}) == month(3)
    assert payback(saved, {month(0): D(20), month(2): D(20)}) == month(5)
    assert payback(saved, {month(0): D(50)}) == Unknown("savings do not exceed the investment yet")
    assert payback(saved, {}) == Unknown("nothing was invested")


def test_present_value_and_internal_rate_of_a_known_case() -> None:
    flows = {month(0): D(-100), month(12): D(60), month(24): D(60)}
    assert present_value(flows, D("0.10")) == D("4.132231405")
    rate = internal_rate(flows)
    assert isinstance(rate, float)
    assert rate == pytest.approx(0.130662386, abs=1e-9)  # (-1 + r)(...): 60 x + 60 x^2 = 100


@pytest.mark.parametrize("rate", ["0", "0.08", "0.35", "-0.5"])
def test_values_and_rates_of_random_months_are_those_of_a_polynomial(rate: str) -> None:
    random = Random(rate)
    for _ in range(25):
        put_in = [-random.randint(1, 10**6) for _ in range(random.randint(1, 3))]
        saved = [random.randint(0, 10**6) for _ in range(random.randint(1, 20))] + [1]
        flows = {month(n): D(amount) for n, amount in enumerate(put_in + saved)}
        own = [float(amount) for amount in flows.values()]
        assert float(present_value(flows, D(rate))) == pytest.approx(npv_of(own, float(rate)))
        assert internal_rate(flows) == pytest.approx(irr_of(own), rel=1e-5)


def test_an_annuity_has_the_closed_form() -> None:
    """100 a month for two years at 12.68 % a year, which is 1 % a month."""
    yearly = D("1.01") ** 12 - 1
    annuity = {month(number): D(100) for number in range(1, 25)}
    value = 100 * (1 - 1.01**-24) / 0.01
    flows = annuity | {month(0): D(0)}
    assert float(present_value(flows, yearly)) == pytest.approx(value, abs=1e-6)
    found = internal_rate(annuity | {month(0): D(f"-{value:.9f}")})
    assert found == pytest.approx(float(yearly), abs=1e-9)


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ({month(0): D(100), month(1): D(5)}, "savings alone or investments alone"),
        ({month(0): D(-9), month(1): D(20), month(2): D(-5)}, "changes its direction 2 times"),
        ({}, "savings alone"),
    ],
)
def test_an_internal_rate_that_is_not_determined_says_why(
    flows: dict[date, D], reason: str
) -> None:
    found = internal_rate(flows)
    assert isinstance(found, Unknown)
    assert reason in found.reason


@examples(0.5)
@given(st.integers(1, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=36))
def test_the_present_value_at_the_internal_rate_is_zero(invested: int, saved: list[int]) -> None:
    flows = {month(0): D(-invested)} | {month(n): D(one) for n, one in enumerate(saved, 1)}
    rate = internal_rate(flows)
    if not isinstance(rate, Unknown) and rate > -0.99:
        assert abs(present_value(flows, D(repr(rate)))) < D(invested + sum(saved)) / 10**6
