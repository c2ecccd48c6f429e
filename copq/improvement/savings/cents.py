"""Exact amounts to the digits of a currency, so that the parts still add up to the total."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import TypeVar

from copq.ledger.arithmetic import ROUNDING
from copq.ledger.money import digits

Part = TypeVar("Part")


def allot(
    parts: Mapping[Part, Fraction], currency: str, total: Decimal | None = None
) -> dict[Part, Decimal]:
    """The parts in the digits of the currency; they add up to `total`, or without it to
    `amount(sum of the parts)`.

    Each part is rounded down, and the units that are left go to the parts that lost most, the
    first of equal ones first (the method of the largest remainder). So no part is further than
    one unit of the last digit from its exact amount, and a part without a remainder stays exact. A
    total that was rounded elsewhere moves some of them by another unit.
    """
    if len(parts) == 1 and total is None:
        return {part: amount(exact, currency) for part, exact in parts.items()}
    unit = 10 ** digits(currency)
    scaled = {part: exact * unit for part, exact in parts.items()}
    units = {part: floor(exact) for part, exact in scaled.items()}
    whole = sum(scaled.values(), Fraction()) if total is None else Fraction(total) * unit
    by_loss = sorted(scaled, key=lambda part: units[part] - scaled[part])
    each, left = divmod(_nearest(*whole.as_integer_ratio()) - sum(units.values()), len(units) or 1)
    for number, part in enumerate(by_loss):
        units[part] += each + (number < left)
    return {part: _decimal(number, currency) for part, number in units.items()}


def amount(exact: Fraction, currency: str) -> Decimal:
    """An exact amount in the digits of the currency, half away from zero."""
    numerator, denominator = exact.as_integer_ratio()
    return _decimal(_nearest(numerator * 10 ** digits(currency), denominator), currency)


def _nearest(numerator: int, denominator: int) -> int:
    """The whole number nearest to a fraction, half away from zero."""
    nearest = (2 * abs(numerator) + denominator) // (2 * denominator)
    return nearest if numerator >= 0 else -nearest


def _decimal(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-digits(currency), context=ROUNDING)
