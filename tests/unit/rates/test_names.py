"""Names in a sentence."""

import pytest

from copq.rates.names import name_list


@pytest.mark.parametrize(
    ("number", "said"), [(0, "none yet"), (2, "0, 1"), (20, "18, 19"), (23, "19 and 3 more")]
)
def test_of_many_names_the_first_twenty_are_said(number: int, said: str) -> None:
    assert name_list(map(str, range(number))).endswith(said)
