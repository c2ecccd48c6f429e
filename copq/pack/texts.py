"""How figures and names are written in a pack."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from copq.ledger.money import digits, fixed
from copq.ledger.money import percent as percent_of_share

NONE = "–"
MOST_OF_A_NAME = 60
_WHOLE_FROM = 10_000
_BREAK_EVERY = 18
_BREAK = "\u200b"
_BELOW_ZERO = re.compile(r"(?<=\s)-(?=\d)")


def name_text(name: str, most: int = MOST_OF_A_NAME) -> str:
    """A name that fits: the middle of a long one is left out, and a long word may be broken."""
    if len(name) > most:
        name = f"{name[: most - 21]}…{name[-20:]}"
    return " ".join(map(_breakable, name.split(" ")))


def _breakable(word: str) -> str:
    if len(word) <= _BREAK_EVERY:
        return word
    parts = (word[n : n + _BREAK_EVERY] for n in range(0, len(word), _BREAK_EVERY))
    return _BREAK.join(parts)


def minus(text: str) -> str:
    return text.replace("-", "−")


def with_minus(sentence: str) -> str:
    """A sentence whose numbers below zero have the sign of a minus."""
    return _BELOW_ZERO.sub("−", sentence)


@dataclass(frozen=True, slots=True)
class Money:
    """How the money of a page is written: each amount with as many places."""

    currency: str
    places: int

    @classmethod
    def of(cls, currency: str, amounts: Iterable[Decimal | None]) -> "Money":
        """Without decimals where any amount is large."""
        large = any(abs(amount) >= _WHOLE_FROM for amount in amounts if amount is not None)
        return cls(currency, 0 if large else digits(currency))

    def text(self, amount: Decimal | None) -> str:
        return NONE if amount is None else minus(fixed(amount + 0, self.places))

    def signed(self, amount: Decimal | None) -> str:
        """With its sign: what a figure changed by."""
        text = self.text(amount)
        is_more = amount is not None and amount > 0 and text.strip("0.,")
        return f"+{text}" if is_more else text


def percent(value: Decimal | None) -> str:
    """A percentage: two decimals below 1 %, one above; a dash where it is unknown."""
    return minus(percent_of_share(None if value is None else value / 100))


def share(value: Decimal | None) -> str:
    """A share as a percentage."""
    return minus(percent_of_share(value))


def points(after: Decimal | None, before: Decimal | None) -> str:
    """By how many percentage points a percentage changed."""
    if after is None or before is None:
        return NONE
    text = minus(fixed(after - before, 2))
    return f"{text if after <= before else f'+{text}'} points"


def count(number: Decimal | int | None) -> str:
    """A count with at most one decimal."""
    if number is None:
        return NONE
    text = fixed(Decimal(number), 1)
    return minus(text.removesuffix(".0"))


def month_words(month: date) -> str:
    return f"{month:%B %Y}"


def month_label(month: date) -> str:
    """Short, for an axis."""
    return f"{month:%b}\n{month:%Y}" if month.month == 1 else f"{month:%b}"


def words(name: str) -> str:
    """A category or element in words."""
    return {"copq": "COPQ", "coq": "CoQ"}.get(name, name.replace("_", " "))
