"""Names of groups that contradict each other, whatever file they came in."""

import pytest

from copq.groups.clashes import clashes
from copq.schemas.groups import GroupItem


def member(product: str, group: str, grouping: str = "family", plant: str = "north") -> GroupItem:
    return GroupItem(plant=plant, grouping=grouping, product=product, group=group)


def test_a_product_may_be_in_a_group_of_each_grouping_and_plant() -> None:
    items = [
        member("TR29", "valves"), member("TR30", "valves"), member("TR29", "Ford", "customer"),
        member("TR29", "cores", plant="south"), member("valves", "valves", "customer"),
        member("TR31", "no group"),
    ]  # fmt: skip
    assert clashes(items[:4]) == []
    assert len(clashes(items[4:])) == 1


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("valves", "valves")], 'group "valves" of family in north contains itself: rename it'),
        (
            [("cores", "valves"), ("valves", "cores")],
            'group "cores" of family in north contains itself through "valves": rename it',
        ),
        (
            [("b", "a"), ("c", "b"), ("a", "c")],
            'group "a" of family in north contains itself through "b" through "c": rename it',
        ),
        (
            [("cores", "valves"), ("TR29", "cores")],
            '"cores" is a group of family in north and a product in "valves": rename one',
        ),
        (
            [("TR29", "valves"), ("TR30", "Valves")],
            '"Valves", "valves" would be one name of a group of family in north: choose one',
        ),
    ],
)
def test_names_that_clash_are_refused_once(pairs: list[tuple[str, str]], says: str) -> None:
    [fault] = clashes(member(*pair) for pair in pairs)
    assert fault.startswith(says)


def test_two_spellings_of_a_grouping_are_refused() -> None:
    [fault] = clashes([member("TR29", "valves"), member("TR29", "valves", "Family", "south")])
    assert fault == '"Family", "family" would be one name of a grouping: choose one spelling'
