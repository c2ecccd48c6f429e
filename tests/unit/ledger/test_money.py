"""Money as it is shown: one rule of rounding, the digits of ISO 4217."""

import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright._impl._driver import compute_driver_executable

from copq.ledger.money import digits, money


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


FIGURES = Path(__file__).parents[3] / "copq/reporting/board/static/figures.js"
ROUND = """
import { exactly, useDigits } from %s;
import { readFileSync } from "node:fs";
const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(([amount, digits]) => (useDigits(digits), exactly(amount)))));
"""


def on_the_board(amounts: list[tuple[str, str]]) -> list[str]:
    """The same amounts as the board's script rounds them, in the Node that Playwright brings."""
    node, *_ = compute_driver_executable()
    asked = json.dumps([(amount, digits(currency)) for amount, currency in amounts])
    script = ROUND % json.dumps(FIGURES.as_uri())
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


HALVES = ["0.125", "2.665", "-2.665", "1.005", "0.0005", "0.5", "-0.5", "-0.004", "1234567.895"]


def test_the_board_rounds_as_the_commands_do() -> None:
    amounts = [(amount, currency) for amount in HALVES for currency in ("EUR", "JPY", "KWD", "CLF")]
    amounts += [(str(Decimal(n * 5) / 1000), "EUR") for n in range(-300, 300)]
    ours = [money(Decimal(amount), currency).replace("-", "−") for amount, currency in amounts]
    assert on_the_board(amounts) == ours


@given(st.decimals(-(10**12), 10**12, places=9), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_no_rounding_moves_a_figure_by_more_than_half_a_unit(amount: Decimal, of: str) -> None:
    shown = Decimal(money(amount, of).replace(",", ""))
    assert abs(shown - amount) * 2 <= Decimal(1).scaleb(-digits(of))
