"""The cost-of-quality report."""

import json
from datetime import date
from decimal import Decimal as D
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.coq_report import (
    COPQ,
    COQ,
    COSTS,
    FIGURES,
    Base,
    CoqReport,
    CostRow,
    against_budget,
    change_percent,
    reports,
    return_on_quality,
)
from copq.ledger.money import fixed
from copq.schemas.priced import Category

CASES = json.loads((Path(__file__).parents[2] / "cases" / "quality_cost_reports.json").read_text())
BENTON = CASES["reports"][0]
PROGRAMME = CASES["programme_of_a_materials_supplier"]


def row(category: str, amount: str, element: str = "scrap", **more: Any) -> CostRow:
    given = {"currency": "EUR", **more}
    return CostRow(category=Category(category), element=element, amount=D(amount), **given)


def published() -> CoqReport:
    rows = [
        row(category, amount, element, currency=BENTON["currency"])
        for category in COSTS if category in BENTON
        for element, amount in BENTON[category].items()
    ]  # fmt: skip
    [report] = reports(rows)
    return report


def test_the_published_report_is_as_printed() -> None:
    revenue = Base(name="revenue", amount=D(BENTON["revenue"]), currency="USD")
    for figure, printed in BENTON["percent_of_revenue"].items():
        found = published().percentage(figure, revenue)
        assert found.value is not None and fixed(found.value, 2) == printed, figure
        assert found.name == f"{figure} % of revenue"


def test_the_same_costs_have_another_percentage_on_another_base() -> None:
    found = published().percentage(COPQ)
    assert found.name == "copq % of CoQ" and found.value == 48
    assert published().percentage(COQ).value == 100


def test_the_published_changes_and_return_are_as_printed() -> None:
    """The source prints whole percentages alone, so the amounts before are 1,000. Its return is on
    what the programme spent, not on all prevention and appraisal: with all of that, 345 % and a
    total that falls by 51 % exclude each other."""
    for name, change in PROGRAMME["change_percent"].items():
        after = D(1000) + 10 * D(change)
        found = change_percent(D(1000), after)
        assert found is not None and fixed(found, 0) == str(change), name
    failure = D(1000) + 10 * D(PROGRAMME["change_percent"]["total failure"])
    found = return_on_quality(D(1000), failure, D("231.88"))
    assert found is not None and fixed(found * 100, 0) == str(
        PROGRAMME["return_on_quality_percent"]
    )


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        (Base(name="revenue", amount=D(0), currency="EUR"), "there is no revenue here"),
        (Base(name="revenue", amount=D(9), currency="USD"), "revenue is in USD, the cost in EUR"),
    ],
)
def test_without_a_base_there_is_no_percentage_and_the_reason_is_named(
    base: Base, reason: str
) -> None:
    [report] = reports([row("appraisal", "5")])
    found = report.percentage(COQ, base)
    assert (found.value, found.reason) == (None, reason)


def test_per_unit_needs_units() -> None:
    [report] = reports([row("appraisal", "5"), row("internal_failure", "1")])
    assert report.per_unit(COQ, D(4)) == D("1.5")
    assert report.per_unit(COPQ, D(0)) is None


def test_budget_against_actual_by_category() -> None:
    [report] = reports([row("prevention", "90"), row("internal_failure", "30")])
    plan = {"prevention": D(100), "internal_failure": D(20)}
    found = {one.figure: one for one in against_budget(report, plan)}
    assert (found["prevention"].variance, found["prevention"].percent) == (D(-10), D(-10))
    assert (found["internal_failure"].variance, found["internal_failure"].percent) == (10, 50)
    assert (found["appraisal"].budget, found["appraisal"].variance) == (None, None)
    assert found[COPQ].budget is None, "two of its categories have none"
    plan = {str(category): D(50) for category in COSTS}
    whole = {one.figure: one for one in against_budget(report, plan)}
    assert (whole[COPQ].budget, whole[COQ].budget, whole[COQ].variance) == (150, 250, -130)
    own = {one.figure: one for one in against_budget(report, {**plan, COPQ: D(99)})}
    assert (own[COPQ].budget, own[COQ].budget) == (99, 199), "its own budget comes first"


def test_a_negative_budget_is_refused() -> None:
    [report] = reports([row("prevention", "90")])
    with pytest.raises(ValueError, match="the budget of prevention is -1: it must be 0 or more"):
        against_budget(report, {"prevention": D(-1)})


def test_an_unknown_figure_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(ValueError, match='"failure" is none of prevention, appraisal, internal'):
        published().amount("failure")


def test_production_is_not_a_cost_of_quality_and_currencies_are_never_added() -> None:
    found = reports(
        [row("none", "7"), row("appraisal", "1"), row("appraisal", "2", currency="JPY")]
    )
    assert [(one.currency, one.amount(COQ)) for one in found] == [("EUR", 1), ("JPY", 2)]


ROWS = st.lists(
    st.builds(
        CostRow, category=st.sampled_from(Category), element=st.sampled_from(["a", "b"]),
        amount=st.decimals("-1000000", "1000000", places=6),
        currency=st.sampled_from(["EUR", "JPY"]),
        period=st.sampled_from([date(2026, 1, 1), date(2026, 2, 1)]),
        cut=st.tuples(st.sampled_from(["north", "south"]), st.sampled_from(["L1", "L2"])),
    ),
    max_size=15,
)  # fmt: skip


@given(ROWS, st.randoms())
def test_parts_add_up_to_totals_for_any_cut_in_any_order(
    rows: list[CostRow], chance: Random
) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    cut = reports(shuffled)
    assert cut == reports(rows)
    for one in cut:
        by_category = {name: one.amount(name) for name in FIGURES}
        assert by_category[COQ] == one.conformance + by_category[COPQ] == sum(one.elements.values())
        assert by_category[COQ] == sum(by_category[category] for category in COSTS)
    for figure in FIGURES:
        for currency in ("EUR", "JPY"):
            parts = sum(one.amount(figure) for one in cut if one.currency == currency)
            of_all = sum(
                found.amount for found in rows
                if found.currency == currency and found.category in COSTS
                and figure in (COQ, found.category, COPQ if "failure" in found.category else "")
            )  # fmt: skip
            assert parts == of_all
