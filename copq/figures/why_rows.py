"""The parts of a change of losses, each with its evidence and the way to its entries."""

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from copq.figures.entry_links import Filters, entries_address, entries_command
from copq.figures.why_groups import ProductGroups
from copq.figures.why_windows import Windows
from copq.figures.why_words import cause_name
from copq.figures.window import Window
from copq.ledger.arithmetic import quotient
from copq.ledger.figures import Scope

if TYPE_CHECKING:
    from copq.improvement.explaining.explain import Explanation, Part
    from copq.improvement.explaining.one_window import OneWindow

_NANO = Decimal("1E-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePart:
    """One part of the change; `kind` is volume, mix, cause, without_baseline or everything_else.

    Of a cause, `filters` select the entries, of which those that match one of `without` belong to
    that cause. None in a filter: entries without such a name. Rates are losses for each unit made.
    `p_value` is rounded up; `p_value_by` is `days` where production days were permuted for it, and
    `entries` where it takes all entries as independent.
    """

    currency: str
    kind: str
    cause: str | None = None
    change: Decimal
    before: Decimal | None = None
    expected: Decimal | None = None
    after: Decimal | None = None
    units_before: Decimal | None = None
    units_after: Decimal | None = None
    rate_before: Decimal | None = None
    rate_after: Decimal | None = None
    entries_before: int | None = None
    entries_after: int | None = None
    p_value: Decimal | None = None
    p_value_by: str | None = None
    filters: Filters | None = None
    without: list[Filters] = field(default_factory=list)
    entries: str | None = None
    entries_of_before: str | None = None
    command: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


COLUMNS = tuple(
    name for name in ChangePart.__dataclass_fields__ if name not in ("filters", "without")
)
"""Of the parts as a table; `cause` says in words what `filters` and `without` hold."""


def change_parts(
    currency: str, found: "Explanation", scope: Scope, windows: Windows,
    groups: ProductGroups | None = None,
) -> list[ChangePart]:  # fmt: skip
    """The parts in the order to show them: volume and mix first."""
    causes = [_cause(currency, part, scope, windows, groups) for part in found.parts]
    return [
        ChangePart(currency=currency, kind="volume", change=found.volume),
        ChangePart(currency=currency, kind="mix", change=found.mix),
        *causes,
        ChangePart(currency=currency, kind="without_baseline", change=found.without_baseline),
        ChangePart(
            currency=currency, kind="everything_else", change=found.everything_else,
            p_value=_p_value(found.p_value), p_value_by="entries",
        ),
    ]  # fmt: skip


def _cause(
    currency: str, part: "Part", scope: Scope, windows: Windows, groups: ProductGroups | None
) -> ChangePart:
    filters = _selecting(scope, part.filters, groups)
    return ChangePart(
        currency=currency, kind="cause", cause=cause_name(part.filters, part.besides),
        change=part.money, before=part.before, expected=decimal_of(part.expected),
        after=part.after, units_before=decimal_of(part.units_before),
        units_after=decimal_of(part.units_after), rate_before=rate_of(part.rate_before),
        rate_after=rate_of(part.rate_after), entries_before=part.entries_before,
        entries_after=part.entries_after, p_value=_p_value(part.p_value),
        p_value_by=part.p_value_by, filters=part.filters, without=list(part.besides),
        entries=_address(filters, windows.after),
        entries_of_before=_address(filters, windows.before),
        command=_command(filters, windows.after),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSided:
    """Losses under a name that occurs in one window alone, and the way to their entries."""

    name: str
    before: Decimal
    after: Decimal
    entries_before: int
    entries_after: int
    filters: Filters
    entries: str
    command: str


def one_sided(
    found: "OneWindow", scope: Scope, windows: Windows, groups: ProductGroups | None = None
) -> OneSided:
    window = windows.after if found.entries_after or found.after else windows.before
    filters = _selecting(scope, found.filters, groups)
    asked = {*_of(scope), *(["group"] if groups and groups.only else [])}
    own = {name: value for name, value in found.filters.items() if name not in asked}
    return OneSided(
        name=cause_name(own), before=found.before, after=found.after,
        entries_before=found.entries_before, entries_after=found.entries_after,
        filters=found.filters, entries=_address(filters, window),
        command=_command(filters, window),
    )  # fmt: skip


def _of(scope: Scope) -> dict[str, str]:
    return {name: value for name, value in scope.places().items() if value is not None}


def _selecting(scope: Scope, filters: Filters, groups: ProductGroups | None) -> Filters:
    """What selects the entries of these filters within the question."""
    within = {**_of(scope), **filters}
    return within if groups is None else groups.selecting(within)


def decimal_of(value: Fraction) -> Decimal:
    """To nine decimals."""
    return quotient(Decimal(value.numerator), Decimal(value.denominator))


def rate_of(value: Fraction | None) -> Decimal | None:
    return None if value is None else decimal_of(value)


def _p_value(chance: float) -> Decimal:
    """Rounded up to nine decimals, so that it never promises too much."""
    return Decimal(chance).quantize(_NANO, rounding=ROUND_CEILING)


def _address(filters: Filters, window: Window) -> str:
    return entries_address(filters, window.first, window.last)


def _command(filters: Filters, window: Window) -> str:
    return entries_command(filters, window.first, window.last)
