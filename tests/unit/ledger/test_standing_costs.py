"""The shares of days in an amount of a month."""

from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from copq.ledger.arithmetic import MONEY
from copq.ledger.money import digits
from copq.ledger.standing_costs import amount_of_day, days_of_month

MONTHS = st.dates(date(2000, 1, 1), date(2199, 12, 1)).map(lambda day: day.replace(day=1))
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])
UNITS = st.integers(1, 10**15)
"""Of the smallest coin of a currency."""


def days(month: date) -> list[date]:
    return [month + timedelta(days=n) for n in range(days_of_month(month))]


def amount_of(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-digits(currency))


@given(MONTHS, CURRENCIES, UNITS)
def test_the_days_of_a_month_add_up_to_its_amount(month: date, currency: str, units: int) -> None:
    amount = amount_of(units, currency)
    with localcontext(MONEY):
        shares = [amount_of_day(amount, currency, day) for day in days(month)]
        assert sum(shares) == amount
    cent = Fraction(amount_of(1, currency))
    for share in shares:
        assert share >= 0 and Fraction(share) % cent == 0
        assert abs(Fraction(share) - Fraction(amount) / len(shares)) <= cent


@given(MONTHS, CURRENCIES, UNITS, st.integers(0, 30), st.integers(0, 30))
def test_a_part_of_a_month_costs_its_days_to_the_cent(
    month: date, currency: str, units: int, one: int, other: int
) -> None:
    amount, whole = amount_of(units, currency), days(month)
    first, last = sorted((one % len(whole), other % len(whole)))
    with localcontext(MONEY):
        part = sum(amount_of_day(amount, currency, day) for day in whole[first : last + 1])
    right = Fraction(amount) * (last - first + 1) / len(whole)
    assert abs(Fraction(part) - right) <= Fraction(amount_of(1, currency))


def test_the_last_cents_are_spread_over_the_month() -> None:
    shares = [amount_of_day(Decimal("100.00"), "EUR", day) for day in days(date(2026, 4, 1))]
    assert shares[:3] == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]
    assert (shares.count(Decimal("3.33")), shares.count(Decimal("3.34"))) == (20, 10)
    shares = [amount_of_day(Decimal(3100), "EUR", day) for day in days(date(2026, 3, 1))]
    assert shares == [Decimal(100)] * 31
