"""A fall that every scope shows has nothing to do with the project."""

import numpy as np

from copq.improvement.evidence.placebo import Placebos, Scope, placebos
from tests.support.improvement.simulated_days import Plant, split


def scope(seed: int, level: float, days: int = 91) -> Scope:
    truth = np.concatenate([np.ones(365), np.full(days, level)])
    return Scope(*split(Plant().days(np.random.default_rng(seed), truth), 365))


OTHERS = [scope(seed, 0.9) for seed in range(1, 21)]
"""All of them lose a tenth less, for a reason outside all projects."""


def test_a_saving_beyond_what_all_scopes_show_stands_out() -> None:
    assert placebos(scope(0, 0.7), OTHERS) == Placebos(20, 0)
    assert placebos(scope(0, 0.7), OTHERS).share == 1 / 21


def test_the_common_fall_alone_does_not() -> None:
    assert placebos(scope(0, 0.9), OTHERS).share > 0.05


def test_scopes_with_few_days_are_left_out_and_nineteen_are_enough() -> None:
    found = placebos(scope(0, 0.7), [*OTHERS[:19], scope(50, 0.5, days=13)])
    assert found.scopes == 19 and found.are_enough and found.share == 0.05
    assert not placebos(scope(0, 0.7), OTHERS[:18]).are_enough
