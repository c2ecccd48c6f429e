"""Losses under a name that occurs in one of two windows alone."""

from decimal import Decimal

from copq.improvement.explaining.explain import Leaf
from copq.improvement.explaining.one_window import MOST, OneWindow, in_one_window

D = Decimal
NAMES = ("line", "defect_code", "work_unit")
AMONG = ("defect_code", "work_unit")


def leaf(values: tuple[str | None, ...], before: int, after: int) -> Leaf:
    return Leaf(values, D(before), D(after), 0, 0, before // 10, after // 10)


USUAL = [leaf(("1", "jam", "M1"), 500, 500), leaf(("2", "jam", "M2"), 500, 400)]


def test_a_new_code_is_named_with_all_that_its_losses_share() -> None:
    new = [leaf(("2", "mech", "M2"), 0, 300), leaf(("2", "mech", None), 0, 20)]
    assert in_one_window(NAMES, [*USUAL, *new], AMONG) == [
        OneWindow({"line": "2", "defect_code": "mech"}, D(0), D(320), 0, 32)
    ]


def test_a_code_that_went_away_is_named_too() -> None:
    [found] = in_one_window(NAMES, [*USUAL, leaf(("1", "belt", "M1"), 60, 0)], AMONG)
    assert (found.before, found.after) == (60, 0)


def test_a_new_line_or_a_small_loss_is_not_named() -> None:
    """Lines only describe; less than a hundredth of the window's losses is small."""
    assert in_one_window(NAMES, [*USUAL, leaf(("3", "jam", "M1"), 0, 500)], AMONG) == []
    assert in_one_window(NAMES, [*USUAL, leaf(("1", "dust", "M1"), 0, 9)], AMONG) == []
    assert in_one_window(NAMES, [], AMONG) == []


def test_what_a_larger_one_includes_is_not_named_again_and_the_list_is_short() -> None:
    """Machine M9 is new, and so is the code that it alone reports."""
    both = [leaf(("1", "x", "M9"), 0, 300), leaf(("1", "jam", "M9"), 0, 100)]
    [found] = in_one_window(NAMES, [*USUAL, *both], AMONG)
    assert found.filters == {"line": "1", "work_unit": "M9"} and found.after == 400
    many = [leaf(("1", f"c{n}", "M1"), 0, 300 + n) for n in range(9)]
    found_many = in_one_window(NAMES, [*USUAL, *many], AMONG)
    assert [one.filters["defect_code"] for one in found_many] == [f"c{8 - n}" for n in range(MOST)]
