"""What explains a change of losses, in words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from copq.figures.why_attributes import OTHER_VALUE, attribute_of
from copq.ledger.arithmetic import MONEY
from copq.ledger.money import digits, money
from copq.schemas.groups import NO_GROUP

if TYPE_CHECKING:
    from copq.figures.why_rows import ChangePart
    from copq.improvement.explaining.explain import Explanation, Part

_CALLED = {"defect_code": "code", "work_unit": "machine"}
_LISTED = 3
"""Causes in a sentence; the table has all."""


def cause_name(
    filters: Mapping[str, str | None], without: Sequence[Mapping[str, str | None]] = ()
) -> str:
    """`line L3, supplier B`, and which stronger causes are left out of it."""
    names = ", ".join(_value(name, value) for name, value in filters.items())
    left_out = [f"except {cause_name(other)}" for other in without[:_LISTED]]
    if len(without) > _LISTED:
        left_out.append(f"and {len(without) - _LISTED:,} more causes")
    return "; ".join([names, *left_out])


def _value(dimension: str, value: str | None) -> str:
    if (dimension, value) == ("group", NO_GROUP):
        return "products in no group"
    attribute = attribute_of(dimension)
    if attribute is not None and value == OTHER_VALUE:
        return f"other values of {attribute}"
    called = attribute or _CALLED.get(dimension, dimension)
    return f"no {called}" if value is None else f"{called} {value}"


def signed(amount: Decimal, currency: str) -> str:
    """Money with its sign: +41,200.00 or -300.00."""
    text = money(amount, currency)
    return f"+{text}" if amount > 0 and text.strip("0.,") else text


def shown_amounts(amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """The amounts in the digits of the currency; they add up to their sum, rounded."""
    from copq.improvement.explaining.rounding import rounded_parts

    unit = Decimal(1).scaleb(-digits(currency))
    with localcontext(MONEY):
        return rounded_parts([Fraction(amount) for amount in amounts], unit)


def finding(found: "Explanation", currency: str) -> str:
    """One sentence on the whole change: volume and mix, then the causes, or that none is known."""
    if not (found.before or found.after):
        return "There are no losses in either window."
    own = [part.money for part in found.parts]
    amounts = [found.volume, found.mix, *own, found.without_baseline, found.everything_else]
    volume, mix, *causes, new, rest = (
        signed(amount, currency) for amount in shown_amounts(amounts, currency)
    )
    change = signed(found.total, currency)
    begin = f"Losses changed by {change} {currency}: volume {volume}, mix {mix}"
    fresh = f", where nothing was made before {new}" if found.without_baseline else ""
    if not causes:
        return f"{begin}{fresh}. {_nothing(found, rest, currency)}"
    names = [
        f"{cause_name(part.filters, part.besides)} {amount}{_doubt(part)}"
        for part, amount in zip(found.parts[:_LISTED], causes, strict=False)
    ]
    more = f"; and {len(causes) - _LISTED:,} more causes" if len(causes) > _LISTED else ""
    return f"{begin}; {'; '.join(names)}{more}{fresh}; everything else {rest}."


def _doubt(part: "Part") -> str:
    return "" if part.is_certain else f" (may be chance: p = {part.p_value:.2g})"


def left_out_groups(grouping: str | None, groupings: Sequence[str]) -> str:
    """Why product groups are left out; empty where they are used, or where there are none."""
    if grouping is not None or not groupings:
        return ""
    return f"Product groups are left out: choose a grouping: {', '.join(groupings)}."


def way_of_testing(causes: Sequence["ChangePart"]) -> str:
    """How the p-values of the causes were obtained, in a sentence; empty without a cause."""
    few = [part.cause or "" for part in causes if part.p_value_by == "entries"]
    if not causes:
        return ""
    if len(few) == len(causes):
        return (
            "p takes the entries of a cause as independent: "
            "the windows have too few production days to permute."
        )
    but = f" There are too few days for {'; '.join(few)}: p takes entries as independent."
    return f"p of a cause: by permuting the production days of both windows.{but if few else ''}"


def _nothing(found: "Explanation", rest: str, currency: str) -> str:
    if not rest.strip("+-0.,"):
        return "Nothing is left to explain."
    alike = f" All of them moved alike (p = {found.p_value:.2g})." if found.is_common else ""
    return f"Nothing in the recorded dimensions explains the remaining {rest} {currency}.{alike}"
