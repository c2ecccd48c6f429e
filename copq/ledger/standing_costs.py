"""The share of a production day in an amount that is spent by the month.

Each date is one production day, however many hours it has. The share of a day depends on the
month's amount and on the date alone, not on when the cost begins or ends.
"""

from calendar import monthrange
from datetime import date
from decimal import Decimal

from copq.ledger.arithmetic import ROUNDING
from copq.ledger.money import rounded


def days_of_month(day: date) -> int:
    """The number of production days in the month of a day."""
    return monthrange(day.year, day.month)[1]


def amount_through(amount: Decimal, currency: str, day: date) -> Decimal:
    """The part of the month's amount from its first day through `day`, in whole cents."""
    part = ROUNDING.divide(ROUNDING.multiply(amount, Decimal(day.day)), Decimal(days_of_month(day)))
    return rounded(part, currency)


def amount_before(amount: Decimal, currency: str, day: date) -> Decimal:
    """The part of the month's amount before `day`; zero on the first day."""
    return Decimal(0) if day.day == 1 else amount_through(amount, currency, _day_before(day))


def amount_of_day(amount: Decimal, currency: str, day: date) -> Decimal:
    """The share of one day. All days of a month together have the amount, to the cent.

    `amount` has no more decimals than the currency. A day's share is within a cent of the amount
    divided by the month's days.
    """
    return amount_through(amount, currency, day) - amount_before(amount, currency, day)


def _day_before(day: date) -> date:
    return day.replace(day=day.day - 1)
