"""Numbers as people in any country write them; ambiguous ones are refused.

`copq/web/pages/numbers.js` shows the same reading in the field while it is typed.
"""

import re
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol

from copq.schemas.fields import DECIMAL_PLACES, MAX_QUANTITY

_BLANKS = re.compile(r"\s")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_DIGITS = r"[0-9]{1,20}"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"(?P<whole>{_DIGITS})([.,](?P<part>{_DIGITS}))?",
        rf"(?P<whole>[0-9]{{1,3}}( [0-9]{{3}})+)([.,](?P<part>{_DIGITS}))?",
        rf"(?P<whole>[0-9]{{1,3}}('[0-9]{{3}})+)([.,](?P<part>{_DIGITS}))?",
        rf"(?P<whole>[0-9]{{1,3}}(\.[0-9]{{3}})+)(,(?P<part>{_DIGITS}))?",
        rf"(?P<whole>[0-9]{{1,3}}(,[0-9]{{3}})+)(\.(?P<part>{_DIGITS}))?",
        # India: 12,34,567.5
        rf"(?P<whole>[0-9]{{1,2}}(,[0-9]{{2}})+,[0-9]{{3}})(\.(?P<part>{_DIGITS}))?",
    )
)


class NotANumber(ValueError):
    """The text is not one clear number; the message says why, and how to write it."""


def read_number(text: str, locale: Locale) -> Decimal | None:
    """The number; None for a blank text. Raises `NotANumber`."""
    plain = _BLANKS.sub(" ", text.strip()).replace("\u2019", "'")
    if not plain:
        return None
    if _AMBIGUOUS.fullmatch(plain):
        large, small = Decimal(re.sub("[.,]", "", plain)), Decimal(plain.replace(",", "."))
        either = f"{large:f} or {input_text(small, locale)}"
        raise NotANumber(f'"{plain}" can mean {either}: write {either.replace(" or", ", or")}')
    found = next(filter(None, (shape.fullmatch(plain) for shape in _SHAPES)), None)
    if found is None:
        example = input_text(Decimal("12.5"), locale)
        raise NotANumber(f"Write a number such as 1250 or {example}, without a sign or unit")
    whole = re.sub("[^0-9]", "", found["whole"])
    return _check_range(Decimal(f"{whole}.{found['part'] or 0}"))


def _check_range(number: Decimal) -> Decimal:
    if number > MAX_QUANTITY:
        raise NotANumber(f"More than {MAX_QUANTITY:,} is not possible")
    if number != round(number, DECIMAL_PLACES):
        raise NotANumber(f"At most {DECIMAL_PLACES} decimal places")
    return number


def input_text(number: Decimal, locale: Locale) -> str:
    """A number as input: without thousands and never with three decimals, so it is unambiguous."""
    plain = f"{number.normalize():f}".replace(".", get_decimal_symbol(locale))
    return f"{plain}0" if _AMBIGUOUS.fullmatch(plain) else plain


def display_text(number: Decimal, locale: Locale) -> str:
    """A number for reading: with thousands, in the style of the reader's country."""
    # Babel drops the apostrophes of Switzerland, which are quotes in its patterns.
    swiss = get_group_symbol(locale) == "'"
    text: str = format_decimal(number, locale="en" if swiss else locale, decimal_quantization=False)
    marks = str.maketrans({",": "\u2019", ".": get_decimal_symbol(locale)})
    return text.translate(marks) if swiss else text


def locale_of(accepted: str) -> Locale:
    """The first language of an `Accept-Language` header whose numbers are known; else English."""
    for tag in accepted.split(","):
        try:
            return Locale.parse(tag.split(";")[0].strip(), sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")
