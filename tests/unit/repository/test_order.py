"""What is run first is there."""

from pathlib import Path

from tests.order import LONGEST


def test_each_of_the_longest_files_exists_and_is_named_once() -> None:
    tests = Path(__file__).parents[2]
    assert [name for name in LONGEST if not (tests / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)
