"""In-year effect, carry-over and run rate: three figures that are never added."""

import json
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from copq.improvement.projects.plan import Benefit, BenefitType
from copq.improvement.savings.years import (
    YearEffect,
    promised_effect,
    validated_effect,
    year_effect,
)

CASE = json.loads((Path(__file__).parents[3] / "cases" / "savings.json").read_text())
YEAR = date(2026, 1, 1)


def test_the_published_carry_over() -> None:
    case = CASE["carry_over"]
    saved = D(case["cost_per_year_before"]) - D(case["cost_per_year_after"])
    found = year_effect(saved, date(2026, 10, 1), date(2026, 1, 1))
    assert (found.in_year, found.carry_over, found.run_rate) == (
        D(case["in_year"]), D(case["carry_over"]), D(case["run_rate"]),
    )  # fmt: skip


def test_a_start_outside_the_year_is_refused() -> None:
    with pytest.raises(ValueError, match="2027-01 is not in the year from 2026-01"):
        year_effect(D(12), date(2027, 1, 1), date(2026, 1, 1))


def benefit(first: date, last: date | None = None, *, recurring: bool = True) -> Benefit:
    return Benefit(
        type=BenefitType.HARD, amount=D(100), first_month=first, last_month=last,
        recurring=recurring,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("promise", "in_year", "carry_over", "run_rate"),
    [
        (benefit(date(2026, 10, 1)), 300, 900, 1200),
        (benefit(date(2025, 10, 1)), 900, 0, 0),
        (benefit(date(2025, 10, 1), date(2027, 3, 1)), 1200, 0, 1200),
        (benefit(date(2026, 3, 1), date(2026, 6, 1)), 400, 0, 0),
        (benefit(date(2026, 12, 1), recurring=False), 100, 0, 0),
        (benefit(date(2027, 1, 1)), 0, 0, 0),
    ],
)
def test_a_promise_in_a_year(
    promise: Benefit, in_year: int, carry_over: int, run_rate: int
) -> None:
    assert promised_effect([promise], YEAR) == YearEffect(
        in_year=D(in_year), carry_over=D(carry_over), run_rate=D(run_rate)
    )
    twice = promised_effect([promise, promise], YEAR)
    assert (twice.in_year, twice.run_rate) == (2 * D(in_year), 2 * D(run_rate))


def test_validated_savings_in_a_year() -> None:
    """From October on: what is carried over are the nine months without it."""
    saved = {date(2026, month, 1): D(amount) for month, amount in ((10, 90), (11, 110), (12, 100))}
    found = validated_effect(saved, YEAR)
    assert (found.in_year, found.carry_over, found.run_rate) == (300, 900, 1200)
    after = validated_effect({**saved, date(2027, 1, 1): D(100)}, date(2027, 1, 1))
    assert (after.in_year, after.carry_over, after.run_rate) == (100, 0, 1200)
    assert validated_effect({}, YEAR) == YearEffect()
