"""Which sums make a window."""

from collections import Counter
from datetime import date, timedelta

import pytest

from copq.periods.period import month_after
from copq.summary.cover import CoverPart, fewest_sums

FIRST = date(2023, 12, 20)


def days_of(part: CoverPart) -> list[date]:
    ends = {"day": part.day + timedelta(days=1), "week": part.day + timedelta(weeks=1)}
    end = ends[part.grain] if part.grain in ends else month_after(part.day)
    return [part.day + timedelta(days=n) for n in range((end - part.day).days)]


def counted(parts: list[CoverPart]) -> dict[date, int]:
    counts: Counter[date] = Counter()
    for part in parts:
        for day in days_of(part):
            counts[day] += 1 if part.is_added else -1
    return {day: count for day, count in counts.items() if count}


@pytest.mark.parametrize("length", [0, 1, 6, 7, 20, 28, 30, 31, 61, 182, 366])
def test_the_sums_make_each_day_of_the_window_once(length: int) -> None:
    for start in range(100):
        first = FIRST + timedelta(days=start)
        window = {first + timedelta(days=n): 1 for n in range(length)}
        found = fewest_sums(first, first + timedelta(days=length))
        assert counted(found) == window
        assert len(found) <= min(length, 26)


@pytest.mark.parametrize(
    ("first", "last", "number"),
    [
        ("2026-06-01", "2026-07-01", 1),  # a month
        ("2026-06-22", "2026-06-29", 1),  # a week from Monday on
        ("2026-05-25", "2026-06-22", 4),  # four such weeks
        ("2025-07-01", "2025-12-31", 7),  # six months without a day
        ("2026-06-17", "2026-06-20", 3),  # three days
        ("2025-07-01", "2026-07-01", 12),
    ],
)
def test_it_takes_as_few_as_possible(first: str, last: str, number: int) -> None:
    assert len(fewest_sums(date.fromisoformat(first), date.fromisoformat(last))) == number
