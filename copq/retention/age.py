"""Ages such as `24m` and `2y` as the first day whose bytes stay."""

import re
from datetime import date

_AGE = re.compile(r"(\d{1,3})([my])")


def first_kept(age: str, today: date) -> date:
    """The first day of the month that is "24m" (months) or "2y" (years) before this one.

    So months are dropped whole. Raises `ValueError` where `age` is none, or less than a month.
    """
    found = _AGE.fullmatch(age)
    months = int(found[1]) * (12 if found[2] == "y" else 1) if found else 0
    if not 0 < months < 12 * today.year - 12:
        raise ValueError(f'"{age}" is not an age: write 24m for months, 2y for years')
    year, month = divmod(12 * today.year + today.month - 1 - months, 12)
    return date(year, month + 1, 1)
