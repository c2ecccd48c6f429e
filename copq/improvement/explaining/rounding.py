"""Round parts so that they add up to the rounded total."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor


def rounded_parts(parts: Sequence[Fraction], unit: Decimal) -> list[Decimal]:
    """Each part in whole `unit`s; they add up to the total, rounded half away from zero.

    Each part is rounded down, and the missing units go to the largest remainders, the first of
    equals first. No part differs from its exact value by a unit or more.
    """
    exact = [part / Fraction(unit) for part in parts]
    whole = [floor(part) for part in exact]
    missing = _half_away(sum(exact, Fraction(0))) - sum(whole)
    by_remainder = sorted(range(len(parts)), key=lambda i: whole[i] - exact[i])
    for i in by_remainder[:missing]:
        whole[i] += 1
    return [count * unit for count in whole]


def _half_away(value: Fraction) -> int:
    size = floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size
