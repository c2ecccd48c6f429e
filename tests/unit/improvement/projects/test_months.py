"""Shares of months, for promises of months that are not whole."""

from datetime import date
from fractions import Fraction

import pytest

from copq.improvement.projects.plan import share_of_month

MAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("first", "last", "share"),
    [
        (date(2026, 4, 10), date(2026, 6, 2), Fraction(1)),
        (date(2026, 5, 1), date(2026, 5, 31), Fraction(1)),
        (date(2026, 5, 1), date(2026, 5, 8), Fraction(8, 31)),
        (date(2026, 5, 31), date(2026, 7, 1), Fraction(1, 31)),
        (date(2026, 6, 1), date(2026, 7, 1), Fraction(0)),
        (date(2026, 3, 1), date(2026, 4, 30), Fraction(0)),
    ],
)
def test_a_month_counts_by_its_days(first: date, last: date, share: Fraction) -> None:
    assert share_of_month(MAY, first, last) == share
