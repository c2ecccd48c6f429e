"""Problems of all functions on one scale."""

import json
from decimal import Decimal as D
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.intangible import Control
from copq.improvement.un_quality import Effort, Occurrence, by_time, gather, rank
from copq.ledger.arithmetic import ZERO
from copq.ledger.money import money
from copq.schemas.events import Grades

CASES = json.loads((Path(__file__).parents[2] / "cases" / "un_quality.json").read_text())["cases"]


def occurred(problem: str, cost: str, *, seconds: int = 0, times: int = 1, function: str = "sales",
             currency: str = "EUR", **more: Any) -> Occurrence:  # fmt: skip
    return Occurrence(
        function=function, problem=problem, currency=currency, cost=D(cost), seconds=D(seconds),
        times=times, **more,
    )  # fmt: skip


def test_the_published_problems_rank_as_printed() -> None:
    """What was made and not sold, each unit with its labour and its material."""
    occurrences = [
        occurred(row["item"], str(D(row["labour_per_unit"]) + D(row["material_per_unit"])),
                 times=row["made"] - row["sold"], function="planning")
        for row in CASES
    ]  # fmt: skip
    found = [(one.problem.problem, one.rank, money(one.problem.cost, "EUR").replace(",", ""))
             for one in rank(reversed(occurrences))]  # fmt: skip
    assert found == [(row["item"], row["rank"], row["cost_of_un_quality"]) for row in CASES]


def test_the_event_cost_is_time_and_money_and_the_bottleneck_weighs_more() -> None:
    effort = {"seconds": D(5400), "labour_rate": D(40), "out_of_pocket": D("12.50")}
    assert Effort(**effort).cost == D("72.5")
    weighted = Effort(**effort, bottleneck_seconds=D(600), contribution_rate=D(15))
    assert weighted.cost == D("222.5")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"seconds": D(-1)}, "seconds is -1: it must be 0 or more"),
        ({"out_of_pocket": D("NaN")}, "out_of_pocket is NaN"),
        ({"seconds": D(1), "bottleneck_seconds": D(2)}, "must be at most seconds, which is 1"),
    ],
)
def test_an_impossible_effort_is_refused(given: dict[str, D], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Effort(**given)


def test_a_problem_occurs_once_or_more() -> None:
    with pytest.raises(ValueError, match="times is 0"):
        occurred("x", "1", times=0)


def test_problems_rank_by_hours_too() -> None:
    found = [occurred("costly", "90", seconds=60), occurred("slow", "10", seconds=7200)]
    assert [one.problem.problem for one in rank(found)] == ["costly", "slow"]
    assert [one.problem.problem for one in rank(found, by_time)] == ["slow", "costly"]
    assert rank(found, by_time)[0].problem.hours == 2


def test_control_and_reputation_stand_next_to_money_and_change_no_figure() -> None:
    plain = [occurred("late", "50", times=2), occurred("lost", "40")]
    graded = [
        occurred("late", "50", times=2, control=Control(interventions=1, wrong_routings=1)),
        occurred("lost", "40", control=Control(other_master_data=1),
                 grades=Grades(severity=5, contacts=2)),
    ]  # fmt: skip
    with_them, without = rank(graded), rank(plain)
    assert [one.share for one in with_them] == [one.share for one in without]
    assert [one.problem.cost for one in with_them] == [one.problem.cost for one in without]
    assert [one.control_share for one in with_them] == [D("0.8"), D("0.2")]
    assert [one.control_share for one in without] == [None, None]
    reputation = with_them[1].problem.reputation
    assert reputation.means == {"severity": 5, "contacts": 2} and reputation.complaints == 1
    assert (reputation.highest["severity"], reputation.worst) == (5, 5)


def test_a_mean_grade_counts_each_complaint_once() -> None:
    one = [occurred("p", "1", grades=Grades(severity=5)),
           occurred("p", "1", times=3, grades=Grades(severity=1)),
           occurred("p", "1", grades=Grades())]  # fmt: skip
    [problem] = gather(one)
    assert problem.reputation.means == {"severity": D(2)} and problem.reputation.complaints == 4


def test_equal_problems_have_the_same_rank() -> None:
    found = rank([occurred("a", "2"), occurred("b", "2"), occurred("c", "1")])
    assert [(one.problem.problem, one.rank) for one in found] == [("a", 1), ("b", 1), ("c", 3)]


def test_what_earned_money_is_not_a_loss() -> None:
    assert [one.problem.problem for one in rank([occurred("a", "2"), occurred("b", "-5")])] == ["a"]
    assert rank([]) == []


OCCURRENCES = st.lists(
    st.builds(
        Occurrence, function=st.sampled_from(["sales", "production"]),
        problem=st.sampled_from("abc"), currency=st.sampled_from(["EUR", "JPY"]),
        cost=st.decimals("-1000", "100000", places=6), seconds=st.decimals(0, 100000, places=6),
        times=st.integers(1, 1000),
    ),
    max_size=12,
)  # fmt: skip


@given(OCCURRENCES, st.randoms())
def test_the_ranking_does_not_depend_on_the_order_of_what_occurred(
    found: list[Occurrence], chance: Random
) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert rank(shuffled) == rank(found)
    assert rank(shuffled, by_time) == rank(found, by_time)


@given(OCCURRENCES)
def test_the_parts_of_a_ranking_add_up(found: list[Occurrence]) -> None:
    ranked = rank(found)
    for currency in {one.problem.currency for one in ranked}:
        rows = [one for one in ranked if one.problem.currency == currency]
        assert rows[-1].cumulative_share == 1
        assert [one.rank for one in rows] == sorted(one.rank for one in rows)
        assert abs(sum((one.share for one in rows), ZERO) - 1) < D("1e-8")
    for currency in ("EUR", "JPY"):
        costs = [one.cost for one in gather(found) if one.currency == currency]
        of_all = (one.cost * one.times for one in found if one.currency == currency)
        assert sum(costs) == sum(of_all, ZERO)
