"""What a project or several of them return on what was put in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Self

from copq.improvement.projects.plan import add_months
from copq.improvement.savings.over_time import (
    Flows,
    Unknown,
    growth,
    internal_rate,
    months_between,
    payback,
    present_value,
    roi,
)
from copq.ledger.arithmetic import MONEY, ZERO, quotient

_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Figures of all months so far, from the first in which money flowed.

    `return_on_quality` is the measured reduction of losses over what was put in, in some months.
    """

    roi: Decimal | Unknown
    payback: date | Unknown
    npv: Decimal | Unknown
    irr: Decimal | Unknown
    return_on_quality: Decimal | Unknown


@dataclass(frozen=True, slots=True)
class Money:
    """The money of a project: validated and invested by month, both positive.

    `value` is the present value at `first`, the first month with a flow, at the project's own
    yearly rate; None where no money has flowed yet.
    """

    validated: Flows
    invested: Flows
    yearly_rate: Decimal
    first: date | None
    value: Decimal | None

    @classmethod
    def of(cls, validated: Flows, invested: Flows, yearly_rate: Decimal) -> Self:
        flows = flows_of(validated, invested)
        paid = {month: amount for month, amount in flows.items() if amount}
        if not paid:
            return cls(validated, invested, yearly_rate, None, None)
        value = present_value(paid, yearly_rate)
        return cls(validated, invested, yearly_rate, min(paid), value)


def returns(projects: Sequence[Money], reduction: Decimal, spent: Decimal) -> Returns:
    """The returns of projects together, each discounted at its own rate to the first month of all.

    `reduction` is what was measured and `spent` what was put in, in the months that are asked for.
    """
    validated = added([one.validated for one in projects])
    invested = added([one.invested for one in projects])
    with localcontext(MONEY):
        total = sum(invested.values(), ZERO)
        ratio = roi(sum(validated.values(), ZERO), total)
    return Returns(
        roi=ratio, payback=payback(validated, invested), npv=_present_value(projects),
        irr=_exact(internal_rate(flows_of(validated, invested))),
        return_on_quality=quotient(reduction, spent) if spent > 0
        else Unknown("nothing was invested in these months"),
    )  # fmt: skip


def _present_value(projects: Iterable[Money]) -> Decimal | Unknown:
    paid = [(one.first, one.value, one.yearly_rate) for one in projects]
    known = [(first, value, rate) for first, value, rate in paid if first and value is not None]
    if not known:
        return Unknown("no money has flowed yet")
    start = min(first for first, _, _ in known)
    with localcontext(MONEY):
        return sum(
            (quotient(value, growth(rate, months_between(start, first)))
             for first, value, rate in known), ZERO,
        )  # fmt: skip


def flows_of(validated: Flows, invested: Flows) -> Flows:
    """What comes in less what goes out."""
    found = dict(validated)
    for month, amount in invested.items():
        found[month] = MONEY.subtract(found.get(month, ZERO), amount)
    return found


def added(several: Sequence[Flows]) -> Flows:
    """The sum of flows by month."""
    if len(several) == 1:
        return several[0]
    found: dict[date, list[Decimal]] = defaultdict(list)
    for flows in several:
        for month, amount in flows.items():
            found[month].append(amount)
    with localcontext(MONEY):
        return {month: sum(amounts, ZERO) for month, amounts in found.items()}


def _exact(rate: float | Unknown) -> Decimal | Unknown:
    return rate if isinstance(rate, Unknown) else Decimal(f"{rate:.{_DIGITS}f}")


def spending(
    first: date, last: date | None, amount: Decimal, end: date, *, is_once: bool
) -> Mapping[date, Decimal]:
    """The months of an investment before `end`; one that runs without a last month goes on."""
    if is_once:
        return {first: amount} if first < end else {}
    after = min(end, add_months(last, 1)) if last else end
    return dict.fromkeys(_months(first, max(months_between(first, after), 0)), amount)


@lru_cache(maxsize=1_000)
def _months(first: date, number: int) -> tuple[date, ...]:
    """Many projects have the same."""
    return tuple(add_months(first, n) for n in range(number))
