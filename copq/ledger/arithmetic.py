"""Exact arithmetic: the context traps every rounding, and only `quotient` rounds, on purpose."""

from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation

MONEY = Context(prec=90, traps=[Inexact, InvalidOperation, DivisionByZero])
"""Set it for the thread, or by `localcontext(MONEY)`, around all arithmetic with money."""

ROUNDING = Context(prec=90, rounding=ROUND_HALF_UP)
"""A half goes away from zero."""

_NANO = Decimal("1E-9")
ZERO = Decimal(0)
SIXTY = Decimal(60)
SECONDS_AN_HOUR = Decimal(3600)


def hours_of(seconds: Decimal) -> Decimal:
    """Hours to nine decimals, for display: sums are of seconds, which are exact."""
    return quotient(seconds, SECONDS_AN_HOUR)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """A division to nine decimals: the only rounding of a figure before its display."""
    return ROUNDING.divide(dividend, divisor).quantize(_NANO, context=ROUNDING)
