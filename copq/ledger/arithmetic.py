"""Exact arithmetic: the context traps every rounding, and only `quotient` rounds, on purpose."""

from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation

MONEY = Context(prec=90, traps=[Inexact, InvalidOperation, DivisionByZero])
"""The context of money: set it for the thread, or by `localcontext(MONEY)`."""

ROUNDING = Context(prec=90, rounding=ROUND_HALF_UP)
"""The context of rounding: a half is rounded away from zero."""

_NANO = Decimal("1E-9")
ZERO = Decimal(0)
SIXTY = Decimal(60)
SECONDS_AN_HOUR = Decimal(3600)


def hours_of(seconds: Decimal) -> Decimal:
    """Hours to nine decimals, for display. Sums are of seconds, which are exact."""
    return quotient(seconds, SECONDS_AN_HOUR)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """A quotient to nine decimals. No other step before the display rounds a figure."""
    return ROUNDING.divide(dividend, divisor).quantize(_NANO, context=ROUNDING)
