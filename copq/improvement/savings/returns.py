"""What a project or several of them return on what was put in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from copq.improvement.projects.plan import add_months
from copq.improvement.savings.over_time import (
    Flows,
    Unknown,
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


class Money(NamedTuple):
    """The money of a project: validated and invested by month, both positive, and the yearly rate
    at which later months are discounted."""

    validated: Flows
    invested: Flows
    yearly_rate: Decimal

    @property
    def flows(self) -> Flows:
        return _added(self.validated, {m: -amount for m, amount in self.invested.items()})


def returns(of: Iterable[Money], reduction: Decimal, spent: Decimal) -> Returns:
    """The returns of projects together, each discounted at its own rate to the first month of all.

    `reduction` is what was measured and `spent` what was put in, in the months that are asked for.
    """
    projects = [*of]
    validated = _added(*(one.validated for one in projects))
    invested = _added(*(one.invested for one in projects))
    with localcontext(MONEY):
        total = sum(invested.values(), ZERO)
        ratio = roi(sum(validated.values(), ZERO), total)
    flows = _added(*(one.flows for one in projects))
    return Returns(
        roi=ratio, payback=payback(validated, invested), npv=_present_value(projects, flows),
        irr=_exact(internal_rate(flows)),
        return_on_quality=quotient(reduction, spent) if spent > 0
        else Unknown("nothing was invested in these months"),
    )  # fmt: skip


def _present_value(projects: Iterable[Money], flows: Flows) -> Decimal | Unknown:
    if not any(flows.values()):
        return Unknown("no money has flowed yet")
    first = min(flows)
    with localcontext(MONEY):
        return sum((present_value(one.flows, one.yearly_rate, first) for one in projects), ZERO)


def _exact(rate: float | Unknown) -> Decimal | Unknown:
    return rate if isinstance(rate, Unknown) else Decimal(f"{rate:.{_DIGITS}f}")


def _added(*several: Flows) -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    with localcontext(MONEY):
        for flows in several:
            for month, amount in flows.items():
                found[month] = found.get(month, ZERO) + amount
    return found


def spending(
    first: date, last: date | None, amount: Decimal, end: date, *, is_once: bool
) -> Mapping[date, Decimal]:
    """The months of an investment before `end`; one that runs without a last month goes on."""
    if is_once:
        return {first: amount} if first < end else {}
    after = min(end, add_months(last, 1)) if last else end
    return {add_months(first, n): amount for n in range(max(months_between(first, after), 0))}
