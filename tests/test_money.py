"""Money as it is shown: one rule of rounding, the digits of ISO 4217."""

from decimal import Decimal

import pytest

from services.money import digits, money


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("0.125", "EUR", "0.13"), ("2.665", "EUR", "2.67"), ("-2.665", "EUR", "-2.67"),
        ("0.135", "EUR", "0.14"), ("1234567.891", "USD", "1,234,567.89"),
        ("0.004", "KWD", "0.004"), ("0.012", "KWD", "0.012"), ("0.0005", "BHD", "0.001"),
        ("1.75", "JPY", "2"), ("5.25", "JPY", "5"), ("2.5", "CLP", "3"),
        ("0.00005", "CLF", "0.0001"),
        ("-0.004", "EUR", "0.00"), ("0.5", "ISK", "1"),
    ],
)  # fmt: skip
def test_a_half_is_rounded_away_from_zero_to_the_digits_of_the_currency(
    amount: str, currency: str, shown: str
) -> None:
    assert money(Decimal(amount), currency) == shown


ISO_4217 = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ARS AUD BGN BRL CAD CHF CNY COP CRC CZK DKK EUR GBP GYD HUF IDR INR IRR "
    "KPW LAK LBP MGA MMK MNT MRU MUR MXN NOK PKR PLN RSD SEK SLE SOS SYP TRY TWD TZS USD UZS YER",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


@pytest.mark.parametrize("places", ISO_4217)
def test_digits_are_those_of_iso_4217(places: int) -> None:
    assert {code: digits(code) for code in ISO_4217[places].split() if digits(code) != places} == {}
