"""Savings that several projects reach for are divided, to the cent."""

from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.savings.overlap import Claim, SharedCell, WrongShares, divide
from tests.support.searching import examples


def test_a_shared_cell_is_divided_by_the_approved_shares() -> None:
    cells = [
        SharedCell(name="own", saving=Fraction(100), projects=["a"]),
        SharedCell(name="shared", saving=Fraction(50), projects=["a", "b"],
                   shares={"a": D("0.8"), "b": D("0.2")}),
    ]  # fmt: skip
    assert divide(cells, "EUR") == {
        "a": Claim(gross=D(150), net=D(140)),
        "b": Claim(gross=D(50), net=D(10)),
    }
    assert divide(cells, "EUR")["b"].overlap == 40


def test_without_shares_it_is_divided_equally_and_the_last_cent_has_one_owner() -> None:
    cells = [SharedCell(name="c", saving=Fraction(100), projects=["a", "b", "c"])]
    nets = [claim.net for claim in divide(cells, "EUR").values()]
    assert nets == [D("33.34"), D("33.33"), D("33.33")]


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        ({"a": D("0.5"), "b": D("0.4")}, "add up to 0.9: they must add up to 1"),
        ({"a": D("1.5"), "b": D("-0.5")}, "negative"),
        ({"a": D(1)}, "shares are of a: they must be of a, b"),
    ],
)
def test_shares_that_cannot_divide_are_refused(shares: dict[str, D], reason: str) -> None:
    with pytest.raises(WrongShares, match=reason):
        SharedCell(name="c", saving=Fraction(1), projects=["a", "b"], shares=shares)


_CELLS = st.lists(
    st.tuples(
        st.fractions(-(10**6), 10**6, max_denominator=997),
        st.sets(st.sampled_from("abcde"), min_size=1),
        st.lists(st.integers(0, 9), min_size=5, max_size=5),
    ),
    max_size=8,
)


@examples(1)
@given(_CELLS)
def test_the_net_savings_of_all_projects_are_the_savings_of_all_cells(
    given_cells: list[tuple[Fraction, set[str], list[int]]],
) -> None:
    cells = []
    for number, (saving, names, weights) in enumerate(given_cells):
        projects = sorted(names)
        shares = {name: D(weight) / 100 for name, weight in zip(projects, weights, strict=False)}
        shares[projects[0]] += 1 - sum(shares.values())
        cells.append(SharedCell(name=number, saving=saving, projects=projects,
                                shares=shares if weights[0] % 2 else None))  # fmt: skip
    claims = divide(cells, "EUR").values()
    exact = sum((cell.saving for cell in cells), Fraction())
    assert abs(Fraction(sum((claim.net for claim in claims), D())) - exact) <= Fraction(1, 200)
