"""Whatever days a project has, its statistics answer, or say why there is none."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import product

import pytest

from copq.figures.project_series import DailySeries
from copq.figures.project_statistics import compute_evidence

EVERY_DAY, NEVER, EACH_THIRD = (lambda n: 10), (lambda n: 0), (lambda n: 10 * (n % 3 == 0))
NOTHING, THE_SAME, CHANGING = (lambda n: 0), (lambda n: 5), (lambda n: 5 + n * 7 % 11)


def series(first: date, days: int, made: object, lost: object) -> DailySeries:
    def of(values: object) -> Sequence[Fraction]:
        return [Fraction(values(n)) for n in range(days)]  # type: ignore[operator]

    dates = [first + timedelta(days=n) for n in range(days)]
    return DailySeries(dates, of(lost), of(made), [Fraction(0)] * days)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("since_days", [1, 100])
@pytest.mark.parametrize("baseline_days", [0, 5, 100])
def test_any_days_have_statistics(baseline_days: int, since_days: int) -> None:
    kinds = product((EVERY_DAY, NEVER, EACH_THIRD), (NOTHING, THE_SAME, CHANGING))
    every = (
        [*kinds] if baseline_days + since_days < 100 else [(EVERY_DAY, NOTHING), (NEVER, THE_SAME)]
    )
    for before, after in product(every, repeat=2):
        baseline = series(date(2026, 1, 1), baseline_days, *before)
        since = series(date(2026, 6, 1), since_days, *after)
        assert compute_evidence(baseline, since, None).verdict is not None
