"""Problems of all functions on one scale: what un-quality costs, in money and in hours.

"The cost of un-quality": (time to correct + out-of-pocket money) x frequency of occurrence. The
price of an event is that of the ledger, which also has the lost contribution of a bottleneck.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from itertools import accumulate
from typing import Self

from copq.improvement.intangible import Control, Reputation
from copq.ledger.arithmetic import MONEY, ZERO, hours_of, quotient
from copq.ledger.kpis import ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All occurrences of a problem in one currency.

    `cost` and `seconds` are those of all occurrences. `function` is None where events name none.
    """

    function: str | None
    problem: str
    currency: str
    frequency: int
    cost: Decimal
    seconds: Decimal = ZERO
    control: Control = field(default_factory=Control)
    reputation: Reputation = field(default_factory=Reputation)

    @property
    def hours(self) -> Decimal:
        return hours_of(self.seconds)

    @property
    def event_cost(self) -> Decimal | None:
        """The mean cost of one occurrence, to nine decimals; None if it never occurred.

        A credit for an event of another window has a cost, and no occurrence in its own.
        """
        return ratio(self.cost, Decimal(self.frequency))


@dataclass(frozen=True, slots=True, kw_only=True)
class AllProblems:
    """All ranked problems of one currency together."""

    currency: str
    problems: int
    frequency: int
    cost: Decimal
    seconds: Decimal
    control: Control

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """Of problems in one currency. Raises `ValueError` if there are none."""
        [currency] = {one.currency for one in problems}
        control = Control()
        for one in problems:
            control = control.plus(one.control)
        with localcontext(MONEY):
            return cls(
                currency=currency, problems=len(problems),
                frequency=sum(one.frequency for one in problems),
                cost=sum((one.cost for one in problems), ZERO),
                seconds=sum((one.seconds for one in problems), ZERO), control=control,
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ranked:
    """A problem at its place: 1 is the largest, and equal problems have the same rank.

    `share` is the part of all losses of the currency, `cumulative_share` that of this problem and
    all before it; the last one of all is exactly 1. `control_share` is the part of all losses of
    control. All to nine decimals.
    """

    rank: int
    problem: Problem
    share: Decimal
    cumulative_share: Decimal
    control_share: Decimal | None


Measure = Callable[[Problem | AllProblems], Decimal]


def by_cost(problem: Problem | AllProblems) -> Decimal:
    return problem.cost


def by_time(problem: Problem | AllProblems) -> Decimal:
    return problem.seconds


def rank(
    problems: Iterable[Problem], measure: Measure = by_cost, whole: AllProblems | None = None
) -> list[Ranked]:
    """Problems of one currency, the largest first.

    The order of `problems` does not matter. A problem that earned money, or took no time if
    `measure` is time, is not a loss and is left out, as in a Pareto of drivers. If the problems are
    only the largest, `whole` is all of them together.
    """
    ordered = sorted((one for one in problems if measure(one) > 0), key=_order(measure))
    if not ordered:
        return []
    whole = whole or AllProblems.of(ordered)
    sizes = [measure(one) for one in ordered]
    with localcontext(MONEY):
        sums = list(accumulate(sizes))
    return [
        Ranked(
            place, one, quotient(size, measure(whole)), quotient(so_far, measure(whole)),
            one.control.share_of(whole.control),
        )
        for place, one, size, so_far in zip(_places(sizes), ordered, sizes, sums, strict=True)
    ]  # fmt: skip


def _order(measure: Measure) -> Callable[[Problem], tuple[Decimal, str, str]]:
    return lambda one: (-measure(one), one.function or "", one.problem)


def _places(sizes: Sequence[Decimal]) -> list[int]:
    """The ranks of sizes in falling order."""
    places: list[int] = []
    for number, size in enumerate(sizes, 1):
        same = places and size == sizes[number - 2]
        places.append(places[-1] if same else number)
    return places
