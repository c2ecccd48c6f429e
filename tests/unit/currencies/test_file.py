"""Files of exchange rates: two layouts, one reader, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.currencies.file import ExchangeFileError, PublishedRate, parse_exchange

TODAY = date(2026, 3, 31)
ECB = """Date,USD,JPY,SEK,CYP,
2026-03-03,1.0512,157.21,11.0325,N/A,
2026-03-02,1.0465,156.9,,N/A,
"""


def rates(text: str, reporting: str = "EUR") -> dict[tuple[str, str], Decimal]:
    return {(str(r.day), r.currency): r.rate for r in parse_exchange(text, reporting, TODAY)}


def test_the_own_layout_is_taken_as_it_stands() -> None:
    text = "\ufeffdate,currency,rate\r\n2026-03-02,SEK,0.0934\r\n2026-03-02,JPY,0.005412345678\r\n"
    assert rates(text) == {
        ("2026-03-02", "SEK"): Decimal("0.0934"),
        ("2026-03-02", "JPY"): Decimal("0.005412345678"),
    }


def test_the_banks_layout_is_turned_to_twelve_digits() -> None:
    assert rates(ECB) == {
        ("2026-03-03", "USD"): Decimal("0.951293759513"),
        ("2026-03-03", "JPY"): Decimal("0.00636091851663"),
        ("2026-03-03", "SEK"): Decimal("0.0906412871063"),
        ("2026-03-02", "USD"): Decimal("0.955566172957"),
        ("2026-03-02", "JPY"): Decimal("0.00637348629700"),
    }


def test_of_another_reporting_currency_the_banks_rates_are_crossed() -> None:
    """SEK has no rate on the 2nd, so nothing has one in it on that day."""
    found = rates(ECB, "SEK")
    assert found["2026-03-03", "EUR"] == Decimal("11.0325")
    assert found["2026-03-03", "USD"] == Decimal("10.4951484018")
    assert {day for day, _ in found} == {"2026-03-03"}


def test_the_banks_file_of_one_day_is_read_too() -> None:
    text = "Date, USD, JPY, \n25 March 2026, 1.0512, 157.21, \n"
    assert rates(text)["2026-03-25", "USD"] == Decimal("0.951293759513")


OWN = "date,currency,rate\n"
REFUSED = [
    ("", "first line is neither"),
    ("day;currency;rate\n", "first line is neither"),
    (OWN, "no rate in it"),
    (f"{OWN}2026-03-02,SEK\n", "line 2: 2 fields, not 3"),
    (f"{OWN}2026-03-02,SEK,0,0934\n", "line 2: 4 fields, not 3"),
    (f"{OWN}2026-03-02,SEK,0\n", "line 2: rate: "),
    (f"{OWN}2026-03-02,SEK,-1\n", "line 2: rate: "),
    (f"{OWN}2026-03-02,SEK,NaN\n", "line 2: rate: "),
    (f"{OWN}2026-03-02,SEK,Infinity\n", "line 2: rate: "),
    (f"{OWN}2026-03-02,SEK,1e400\n", "line 2: rate: "),
    (f"{OWN}2026-03-02,SEK,0.12345678901234567890\n", "line 2: rate: "),
    (f"{OWN}2026-03-02,sek,0.09\n", "line 2: currency: "),
    (f"{OWN}1700000000,SEK,0.09\n", 'line 2: date: .*"1700000000" is not a day'),
    (f"{OWN}2026-02-30,SEK,0.09\n", "line 2: date: "),
    (f"{OWN}2026-04-01,SEK,0.09\n", "line 2: date: 2026-04-01 is in the future"),
    (f"{OWN}2026-03-02,EUR,1\n", "line 2: EUR is the reporting currency"),
    (f"{OWN}2026-03-02,SEK,0.09\n2026-03-02,SEK,0.10\n", "line 3: SEK on 2026-03-02 is there tw"),
    (f'{OWN}2026-03-02,"SEK,0.09\n', "is not CSV"),
    ("Date,USD,USD\n2026-03-02,1.1,1.2\n", "USD on 2026-03-02 is there twice"),
    ("Date,USD\n2026-03-02,0\n", "line 2: rate: "),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ExchangeFileError, match=said):
        parse_exchange(text, "EUR", TODAY)


def test_a_file_without_the_reporting_currency_is_refused() -> None:
    with pytest.raises(ExchangeFileError, match="no column CHF"):
        parse_exchange(ECB, "CHF", TODAY)


def test_of_many_faults_the_first_are_told() -> None:
    with pytest.raises(ExchangeFileError) as refused:
        parse_exchange(OWN + "2026-03-02,SEK,x\n" * 500, "EUR", TODAY)
    assert len(refused.value.faults) == 21
    assert refused.value.faults[-1] == "and 480 more"


@given(st.text(max_size=200) | st.text(alphabet='Date,USD\n"1.2N/A-', max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for head in ("", OWN, "Date,USD,SEK\n"):
        try:
            found = parse_exchange(head + text, "EUR", TODAY)
        except ExchangeFileError:
            continue
        assert all(isinstance(r, PublishedRate) and r.rate > 0 and r.day <= TODAY for r in found)


@given(st.decimals("0.0001", "100000", places=4))
def test_turning_loses_less_than_the_twelfth_digit(bought: Decimal) -> None:
    [rate] = parse_exchange(f"Date,USD\n2026-03-02,{bought}\n", "EUR", TODAY)
    assert abs(rate.rate * bought - 1) <= Decimal("5E-12")
