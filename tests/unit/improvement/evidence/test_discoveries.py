"""Few of the projects that are named did nothing."""

import numpy as np
import pytest

from copq.improvement.evidence.discoveries import e_discoveries, p_discoveries


def test_a_project_among_many_needs_more_evidence() -> None:
    """e-BH: the k largest of n are named if the k-th is at least n / (k x rate)."""
    assert e_discoveries([np.log(20.1)]) == [True]
    assert e_discoveries([np.log(20.1), 0.0]) == [False, False]
    assert e_discoveries([np.log(40.1), 0.0]) == [True, False]
    assert e_discoveries([np.log(20.1), np.log(20.1)]) == [True, True]


def test_the_order_of_the_projects_does_not_matter() -> None:
    values = [1.0, 9.0, -3.0, 5.5, 4.0]
    named = e_discoveries(values)
    assert e_discoveries(values[::-1]) == named[::-1]


def test_p_values_as_benjamini_and_hochberg_have_them() -> None:
    """The example of their paper of 1995: of fifteen hypotheses the first four are rejected."""
    published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
                 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    assert sum(p_discoveries(published)) == 4


@pytest.mark.parametrize("discoveries", [e_discoveries, p_discoveries])
def test_an_empty_portfolio_names_nothing(discoveries: object) -> None:
    assert callable(discoveries) and discoveries([]) == []
