"""One status for each fate of a saving, with the words for it."""

import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from copq.improvement.evidence.days import Days
from copq.improvement.evidence.sequential import days_to_prove
from copq.improvement.evidence.verdict import Promised, Status, Verdict, verdict
from tests.support.improvement.simulated_days import Plant, split

YEAR = 365
PLANT = Plant()
HOLDS = np.full(400, 0.85)
WEARS_OFF = np.concatenate([np.full(182, 0.7), np.linspace(0.7, 0.9, 365)])
VANISHES = np.concatenate([np.full(182, 0.7), np.ones(250)])


def of(levels: np.ndarray, promised: float | None = None, plant: Plant = PLANT) -> Verdict:
    days = plant.days(np.random.default_rng(3), np.concatenate([np.ones(YEAR), levels]))
    baseline, since = split(days, YEAR)
    return verdict(baseline, since, promised)


@pytest.mark.parametrize(
    ("levels", "status", "words"),
    [
        (HOLDS, Status.PROVEN, "The saving was proven after"),
        (np.ones(300), Status.NOT_PROVEN, "300 have passed"),
        (np.full(300, 1.1), Status.NOT_PROVEN, "higher than the baseline lets expect"),
        (np.ones(20), Status.TOO_EARLY, "is usually proven after"),
        (WEARS_OFF, Status.ERODING, "Losses have risen again"),
        (VANISHES, Status.LOST, "It cannot be told from zero"),
        (np.concatenate([np.full(30, 0.7), np.full(300, 1.1)]), Status.LOST, "risen again"),
    ],
)
def test_each_fate_has_its_status(levels: np.ndarray, status: Status, words: str) -> None:
    found = of(levels)
    assert found.status is status
    assert words in found.words


def test_a_status_is_provisional_for_a_year() -> None:
    assert of(np.full(364, 0.85)).is_provisional
    assert not of(np.full(365, 0.85)).is_provisional


@pytest.mark.parametrize(
    ("promised", "kept"),
    [
        (0.05, Promised.KEPT), (0.15, Promised.OPEN), (0.3, Promised.MISSED),
        (None, Promised.NOTHING), (0.0, Promised.NOTHING),
    ],
)  # fmt: skip
def test_a_promise_is_compared_with_the_interval(promised: float | None, kept: Promised) -> None:
    assert of(HOLDS, promised).promised is kept


def test_the_alarm_has_the_day_on_which_it_was_clear() -> None:
    alarm = of(VANISHES).alarm_on
    assert alarm is not None
    assert date.fromordinal(YEAR + 182) < alarm < date.fromordinal(YEAR + 182 + 60)
    assert of(HOLDS).alarm_on is None


def test_too_few_days_are_named() -> None:
    few, many = Days.recorded([1.0] * 6, [1.0] * 6), Days.of([1.0] * 30, [1.0] * 30)
    assert verdict(few, many).words == "The baseline has 6 production days: 14 are needed."
    assert verdict(many, few).words == "6 production days since the start: 7 are needed."
    assert verdict(many, few).status is Status.TOO_EARLY


def test_what_restless_losses_cannot_prove_is_said() -> None:
    found = of(np.full(100, 0.99), 0.01, Plant(events=5, shared=0.3))
    assert found.days_needed is None
    assert "cannot be proven here within five years" in found.words


def test_a_small_promise_needs_more_days_than_a_large_one() -> None:
    baseline, _ = split(Plant().days(np.random.default_rng(1), np.ones(YEAR + 1)), YEAR)
    needed = [days_to_prove(baseline, share) for share in (0.3, 0.1, 0.05)]
    assert None not in needed and sorted(needed, key=lambda days: days or 0) == needed


def test_a_verdict_loads_no_slow_package() -> None:
    """It is asked for each project of a portfolio, and by commands that should start at once."""
    script = "import copq.improvement.evidence.verdict, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert not set(done.stdout.split()) & {"pandas", "statsmodels", "ruptures", "scipy.stats"}
