"""The two windows of a change, as people write them."""

from datetime import date
from typing import Any

import pytest

from copq.figures.why_windows import Windows, WindowsRequest
from copq.figures.window import Window

TODAY = date(2026, 6, 29)


def days(windows: Windows) -> tuple[str, str, str, str]:
    before, after = windows.before, windows.after
    return str(before.first), str(before.last), str(after.first), str(after.last)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        # the last 30 days, today among them, against the 30 before
        ({}, ("2026-05-01", "2026-05-31", "2026-05-31", "2026-06-30")),
        ({"month": "2026-06"}, ("2026-05-01", "2026-06-01", "2026-06-01", "2026-07-01")),
        ({"month": "2026-01"}, ("2025-12-01", "2026-01-01", "2026-01-01", "2026-02-01")),
        # a month against the same month of the year before
        ({"month": "2026-06", "before_start": "2025-06", "before_end": "2025-07"},
         ("2025-06-01", "2025-07-01", "2026-06-01", "2026-07-01")),
        ({"start": "2026-06-08", "end": "2026-06-15"},
         ("2026-06-01", "2026-06-08", "2026-06-08", "2026-06-15")),
        ({"start": "2026-06-22"}, ("2026-06-14", "2026-06-22", "2026-06-22", "2026-06-30")),
        ({"end": "2026-06-01"}, ("2026-04-02", "2026-05-02", "2026-05-02", "2026-06-01")),
        ({"start": "2026-06-22", "weeks": 4},
         ("2026-05-25", "2026-06-22", "2026-06-22", "2026-06-30")),
        ({"month": "2026-06", "weeks": 1},
         ("2026-05-25", "2026-06-01", "2026-06-01", "2026-07-01")),
        # only one edge of the window before
        ({"start": "2026-06-08", "end": "2026-06-15", "before_start": "2026-05-01"},
         ("2026-05-01", "2026-06-08", "2026-06-08", "2026-06-15")),
        ({"start": "2026-06-08", "end": "2026-06-15", "before_end": "2026-06-01"},
         ("2026-05-25", "2026-06-01", "2026-06-08", "2026-06-15")),
        # windows of different length, and one that is later than the other
        ({"start": "2026-06-01", "end": "2026-06-03", "before_start": "2026-06-10",
          "before_end": "2026-06-20"}, ("2026-06-10", "2026-06-20", "2026-06-01", "2026-06-03")),
        # a window that is yet to come
        ({"start": "2026-08-01"}, ("2026-07-31", "2026-08-01", "2026-08-01", "2026-08-02")),
    ],
)  # fmt: skip
def test_windows_are_those_that_are_named(asked: dict[str, Any], wanted: tuple[str, ...]) -> None:
    assert days(WindowsRequest(**asked).windows(TODAY)) == wanted


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"month": "2026-06", "start": "2026-06-01"}, "name the window once"),
        ({"month": "June"}, '"June" is not a month: write it as 2026-03'),
        ({"weeks": 4, "before_start": "2026-05-01"}, "name the window before once"),
        ({"start": "2026-06-08", "end": "2026-06-08"}, "to (2026-06-08) must be after from"),
        ({"before_start": "2026-05-08", "before_end": "2026-05-01"},
         "before_to (2026-05-01) must be after before_from (2026-05-08)"),
        ({"start": "2026-06-08", "before_start": "2026-06-01", "before_end": "2026-06-10"},
         "the windows overlap: 2026-06-08 to 2026-06-29 and, before, 2026-06-01 to 2026-06-09"),
        ({"start": "2020-01-01", "end": "2026-06-01"}, "are 2,343 days; name at most 366"),
        ({"before_start": "2020-01-01"}, "before_from (2020-01-01) to before_to (2026-05-31)"),
        ({"before_start": "tomorrow"}, '"tomorrow" is not a date'),
    ],
)  # fmt: skip
def test_windows_that_are_not_possible_are_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as refused:
        WindowsRequest(**asked).windows(TODAY)
    assert words in str(refused.value)


def test_both_windows_are_made_of_sums_of_the_summary() -> None:
    windows = Windows(Window(date(2026, 5, 1), date(2026, 6, 1)), Window(TODAY, TODAY))
    assert windows.sums() == {
        "grains": ["month"], "days": [date(2026, 5, 1)], "are_added": [True], "are_after": [False],
    }  # fmt: skip
