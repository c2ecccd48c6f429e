"""Problems of all functions on one scale."""

from decimal import Decimal as D
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.intangible import Control, Reputation
from copq.improvement.un_quality import AllProblems, Problem, by_time, rank
from copq.ledger.arithmetic import ZERO


def problem(name: str, cost: str, *, seconds: int = 0, frequency: int = 1, **more: Any) -> Problem:
    return Problem(
        function=more.pop("function", "sales"), problem=name, currency="EUR", frequency=frequency,
        cost=D(cost), seconds=D(seconds), **more,
    )  # fmt: skip


def test_problems_rank_by_money_or_by_hours() -> None:
    found = [problem("costly", "90", seconds=60), problem("slow", "10", seconds=7200)]
    assert [one.problem.problem for one in rank(found)] == ["costly", "slow"]
    assert [one.problem.problem for one in rank(found, by_time)] == ["slow", "costly"]
    assert rank(found, by_time)[0].problem.hours == 2
    assert [one.share for one in rank(found)] == [D("0.9"), D("0.1")]
    assert [one.cumulative_share for one in rank(found)] == [D("0.9"), 1]


def test_the_cost_of_one_is_the_mean_of_all_occurrences() -> None:
    assert problem("a", "10", frequency=4).event_cost == D("2.5")
    assert problem("a", "10", frequency=0).event_cost is None


def test_control_and_reputation_stand_next_to_money_and_change_no_figure() -> None:
    plain = [problem("late", "50", frequency=2), problem("lost", "40")]
    graded = [
        problem("late", "50", frequency=2, control=Control(interventions=2, wrong_routings=2)),
        problem("lost", "40", control=Control(other_master_data=1),
                reputation=Reputation({"severity": 2}, {"severity": 9}, {"severity": 5}, 2)),
    ]  # fmt: skip
    with_them, without = rank(graded), rank(plain)
    assert [one.share for one in with_them] == [one.share for one in without]
    assert [one.problem.cost for one in with_them] == [one.problem.cost for one in without]
    assert [one.control_share for one in with_them] == [D("0.8"), D("0.2")]
    assert [one.control_share for one in without] == [None, None]
    reputation = with_them[1].problem.reputation
    assert reputation.means == {"severity": D("4.5")} and reputation.worst == D("4.5")
    assert Reputation().worst == 0


def test_a_count_of_control_is_never_negative() -> None:
    with pytest.raises(ValueError, match="less than zero"):
        Control(interventions=-1)


def test_equal_problems_have_the_same_rank() -> None:
    found = rank([problem("c", "1"), problem("b", "2"), problem("a", "2")])
    assert [(one.problem.problem, one.rank) for one in found] == [("a", 1), ("b", 1), ("c", 3)]


def test_what_earned_money_is_not_a_loss() -> None:
    found = rank([problem("a", "2"), problem("b", "-5")])
    assert [(one.problem.problem, one.share) for one in found] == [("a", 1)]
    assert rank([problem("b", "-5")]) == rank([]) == []


PROBLEMS = st.lists(
    st.builds(
        Problem, function=st.sampled_from([None, "sales", "production"]),
        problem=st.sampled_from("abcdef"), currency=st.just("EUR"),
        frequency=st.integers(1, 1000), cost=st.decimals("-1000", "100000", places=6),
        seconds=st.decimals(0, 100000, places=6),
        control=st.builds(Control, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    ),
    max_size=12, unique_by=lambda one: (one.function, one.problem),
)  # fmt: skip


@given(PROBLEMS, st.randoms())
def test_the_ranking_does_not_depend_on_the_order_of_problems(
    found: list[Problem], chance: Random
) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert rank(shuffled) == rank(found)
    assert rank(shuffled, by_time) == rank(found, by_time)


@given(PROBLEMS)
def test_the_parts_of_a_ranking_add_up(found: list[Problem]) -> None:
    rows = rank(found)
    if not rows:
        return
    assert rows[-1].cumulative_share == 1
    assert [one.rank for one in rows] == sorted(one.rank for one in rows)
    assert abs(sum((one.share for one in rows), ZERO) - 1) < D("1e-8")
    control = [one.control_share for one in rows if one.control_share is not None]
    assert not control or abs(sum(control, ZERO) - 1) < D("1e-7")


@given(PROBLEMS, st.integers(0, 12))
def test_the_largest_of_all_rank_as_they_do_among_all(found: list[Problem], most: int) -> None:
    every = rank(found)
    if every:
        whole = AllProblems.of([one.problem for one in every])
        largest = [one.problem for one in every[:most]]
        assert rank(largest, whole=whole) == every[:most]
