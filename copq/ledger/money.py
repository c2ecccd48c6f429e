"""Rounding of displayed money: to the digits of its currency, half away from zero.

The board does the same in `figures.js`, and Postgres in `copq.rounded` for Grafana.
"""

from decimal import Decimal
from functools import cache

from babel.numbers import get_currency_precision

from copq.ledger.arithmetic import ROUNDING

_OFTEN_WITHOUT = (
    "AFN", "ALL", "COP", "HUF", "IDR", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "MRO", "SLL",
    "SOS", "STD", "SYP", "TMM", "YER", "ZMK", "ZWD",
)  # fmt: skip
_ISO_4217 = {"IQD": 3} | dict.fromkeys(_OFTEN_WITHOUT, 2)
"""Currencies for which CLDR, used by Babel, has the digits in daily use instead of ISO 4217's."""


@cache
def digits(currency: str) -> int:
    """Decimal places of a currency by ISO 4217; two for an unknown code."""
    return _ISO_4217.get(currency, get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded to the currency's digits, half away from zero; never a negative zero."""
    quantized = amount.quantize(Decimal(1).scaleb(-digits(currency)), context=ROUNDING)
    return quantized if quantized else abs(quantized)


def fixed(value: Decimal, places: int) -> str:
    """A figure with a number of decimals, rounded as money, with thousands separators."""
    return f"{value.quantize(Decimal(1).scaleb(-places), context=ROUNDING):,f}"


def money(amount: Decimal, currency: str) -> str:
    """An amount for people: rounded, with thousands separators, without the currency."""
    return f"{rounded(amount, currency):,f}"


def percent(share: Decimal | None) -> str:
    """A share as a percentage: two decimals below 1 %, one above; a dash if it is unknown."""
    if share is None:
        return "–"
    value = share * 100
    return f"{fixed(value, 2 if abs(value) < 1 else 1)} %"
