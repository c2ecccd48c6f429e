"""The dynamic model, cell by cell, and what is outside its domain."""

import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.dynamic_model import Parameters, PlanRefused, plan
from copq.ledger.money import fixed

CASE = json.loads((Path(__file__).parents[2] / "cases" / "dynamic_model.json").read_text())
PUBLISHED = {name: D(value) for name, value in CASE["parameters"].items()}


def published(beta: str) -> Parameters:
    return Parameters(beta=D(beta), **PUBLISHED)


@pytest.mark.parametrize("cell", CASE["cells"], ids=lambda c: f"{c['beta']}-{c['n']}-{c['t']}")
def test_the_published_cells_agree_to_three_decimals(cell: dict[str, Any]) -> None:
    period = plan(published(cell["beta"]), cell["n"], cell["t"]).periods[-1]
    for name in ("tqc", "pi", "ps", "eb"):
        assert fixed(getattr(period, name), 3) == cell[name], name


@pytest.mark.parametrize("row", CASE["break_even_period"], ids=lambda row: row["beta"])
def test_the_published_break_even_periods_agree(row: dict[str, Any]) -> None:
    assert plan(published(row["beta"]), row["n"], 18).break_even == row["t"]


@pytest.mark.parametrize("beta", ["0.95", "0.80"])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_every_cell_of_the_tables_follows_the_formulas(beta: str, n: int) -> None:
    """Tables 1 and 2 have 432 cells: two betas, 18 periods. Computed here with floats, by the
    closed form of the sums."""
    b = float(beta)
    levels = (1 - b**n) / (1 - b)
    for period in plan(published(beta), n, 18).periods:
        x = 0.05 * (1 - 0.95**period.t) / 0.05
        pi = x ** (1 / b**n) / (0.01 + x ** (1 / b**n))
        ps = pi ** (1 / (0.05 * levels))
        found = (period.tqc, period.pi, period.ps, period.eb)
        assert [float(f) for f in found] == pytest.approx([x, pi, ps, ps - x], abs=2e-9)


def test_the_slips_of_the_published_example_are_not_copied() -> None:
    """It prints EB1(2) = 0.013 and PS1(1) = 0.15 %."""
    first, second = plan(published("0.95"), 1, 2).periods
    assert (fixed(second.eb, 3), fixed(first.ps * 100, 1)) == ("0.014", "1.5")


OUTSIDE = [
    ({"beta": "1.01"}, "beta is 1.01: it must be more than 0 and at most 1"),
    ({"beta": "0"}, "beta is 0: it must be more than 0"),
    ({"alpha": "-0.5"}, "alpha is -0.5: it must be more than 0"),
    ({"alpha": "1.2"}, "alpha is 1.2: it must be more than 0 and at most 1"),
    ({"c": "2"}, "c is 2: it must be more than 0 and at most 1"),
    ({"m": "0"}, "m is 0: it must be more than 0"),
    ({"m": "-1"}, "m is -1: it must be more than 0"),
    ({"m": "1000001"}, "at most 1,000,000"),
    ({"tc1": "0"}, "tc1 is 0: it must be more than 0 and at most 1"),
    ({"tc1": "1.5"}, "tc1 is 1.5: it must be more than 0 and at most 1"),
    ({"beta": "NaN"}, "beta is NaN: it must be a number"),
    ({"m": "Infinity"}, "m is Infinity: it must be a number"),
    ({"c": "1e-400"}, "c has too many digits"),
    ({"m": "1e400"}, "m has too many digits"),
]


@pytest.mark.parametrize(("change", "words"), OUTSIDE)
def test_what_is_outside_the_domain_is_refused_with_what_is_allowed(
    change: dict[str, str], words: str
) -> None:
    given = {**PUBLISHED, "beta": D("0.95"), **{k: D(v) for k, v in change.items()}}
    with pytest.raises(PlanRefused) as refused:
        Parameters(**given)
    assert words in str(refused.value)


@pytest.mark.parametrize(("n", "periods"), [(0, 1), (13, 1), (1, 0), (1, 241), (-1, 1)])
def test_a_count_outside_its_limits_is_refused(n: int, periods: int) -> None:
    with pytest.raises(PlanRefused, match="must be a whole number from 1 to"):
        plan(published("0.95"), n, periods)


def test_a_plan_that_never_pays_has_no_break_even() -> None:
    assert plan(Parameters(D(1), D(1), D(1), D(1), D(1)), 1, 24).break_even is None


SHARES = st.decimals("0.000000000001", "1", places=12)


@given(SHARES, SHARES, SHARES, st.decimals("0.000000000001", "1000000", places=12), SHARES,
       st.integers(1, 12))  # fmt: skip
def test_every_plan_of_the_domain_is_bounded_and_grows(
    tc1: D, alpha: D, beta: D, m: D, c: D, n: int
) -> None:
    found = plan(Parameters(tc1, alpha, beta, m, c), n, 5)
    for before, after in zip(found.periods, found.periods[1:], strict=False):
        assert 0 <= before.pi <= after.pi <= 1 and 0 <= before.ps <= after.ps <= 1
        assert before.tqc <= after.tqc
    assert found.best.eb == max(period.ps - period.tqc for period in found.periods)
