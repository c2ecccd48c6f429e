"""Problems of all functions on one scale: what un-quality costs, in money and in hours.

"The cost of un-quality": (time to correct + out-of-pocket money) x frequency of occurrence.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from itertools import accumulate

from copq.improvement.intangible import Control, Reputation
from copq.ledger.arithmetic import MONEY, SECONDS_AN_HOUR, SIXTY, ZERO, hours_of, quotient
from copq.schemas.events import Grades


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What it takes to correct one occurrence. Raises `ValueError` if a part is negative, or
    if more time is lost at the bottleneck than in all.
    """

    seconds: Decimal = ZERO
    labour_rate: Decimal = ZERO
    """Money an hour."""

    out_of_pocket: Decimal = ZERO
    bottleneck_seconds: Decimal = ZERO
    """The part of `seconds` in which the bottleneck stood still."""

    contribution_rate: Decimal = ZERO
    """Lost contribution, in money a minute of the bottleneck."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            part = getattr(self, name)
            if not part.is_finite() or part < 0:
                raise ValueError(f"{name} is {part}: it must be 0 or more")
        if self.bottleneck_seconds > self.seconds:
            raise ValueError(
                f"bottleneck_seconds is {self.bottleneck_seconds}: it must be at most seconds, "
                f"which is {self.seconds}"
            )

    @property
    def cost(self) -> Decimal:
        """The event cost: time at the labour rate, the bottleneck's time at its lost contribution,
        and money out of pocket. Time is priced to nine decimals.
        """
        with localcontext(MONEY):
            labour = quotient(self.seconds * self.labour_rate, SECONDS_AN_HOUR)
            lost = quotient(self.bottleneck_seconds * self.contribution_rate, SIXTY)
            return labour + lost + self.out_of_pocket


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A problem that occurred `times`, at the same cost each time.

    `cost` is money in `currency` and `seconds` the time to correct, both of one time. An entry of
    the ledger is an occurrence at its net cost. Raises `ValueError` if it occurred less than once.
    """

    function: str
    problem: str
    currency: str
    cost: Decimal
    seconds: Decimal = ZERO
    times: int = 1
    control: Control = field(default_factory=Control)
    grades: Grades | None = None

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError(f"times is {self.times}: a problem occurs once or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All occurrences of a problem in one currency; `cost` and `seconds` are of all of them."""

    function: str
    problem: str
    currency: str
    frequency: int
    cost: Decimal
    seconds: Decimal
    control: Control
    reputation: Reputation

    @property
    def hours(self) -> Decimal:
        return hours_of(self.seconds)

    @property
    def event_cost(self) -> Decimal:
        """The mean cost of one occurrence, to nine decimals."""
        return quotient(self.cost, Decimal(self.frequency))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A problem at its place: 1 is the largest, and equal problems have the same rank.

    `share` is the part of all losses of the currency, `cumulative_share` that of this problem and
    all before it; the last one is exactly 1. `control_share` is the part of all losses of control.
    All to nine decimals.
    """

    rank: int
    problem: Problem
    share: Decimal
    cumulative_share: Decimal
    control_share: Decimal | None


Measure = Callable[[Problem], Decimal]


def by_cost(problem: Problem) -> Decimal:
    return problem.cost


def by_time(problem: Problem) -> Decimal:
    return problem.seconds


def rank(occurrences: Iterable[Occurrence], measure: Measure = by_cost) -> list[Ranked]:
    """The problems of each currency, the largest first; currencies are never added.

    The order of the occurrences does not matter. A problem that earned money, or took no time if
    `measure` is time, is not a loss and is left out, as in a Pareto of drivers.
    """
    problems = [one for one in gather(occurrences) if measure(one) > 0]
    ranked = []
    for currency in sorted({one.currency for one in problems}):
        ranked += _rank([one for one in problems if one.currency == currency], measure)
    return ranked


def gather(occurrences: Iterable[Occurrence]) -> list[Problem]:
    """The problems, each with its occurrences together, in the order of their names."""
    found: dict[tuple[str, str, str], list[Occurrence]] = {}
    for one in occurrences:
        found.setdefault((one.currency, one.function, one.problem), []).append(one)
    with localcontext(MONEY):
        return [_problem(found[key]) for key in sorted(found)]


def _problem(occurrences: Sequence[Occurrence]) -> Problem:
    first = occurrences[0]
    control = Control()
    for one in occurrences:
        control = control.plus(one.control, one.times)
    return Problem(
        function=first.function, problem=first.problem, currency=first.currency,
        frequency=sum(one.times for one in occurrences),
        cost=sum((one.cost * one.times for one in occurrences), ZERO),
        seconds=sum((one.seconds * one.times for one in occurrences), ZERO),
        control=control,
        reputation=Reputation.of((one.grades, one.times) for one in occurrences if one.grades),
    )  # fmt: skip


def _rank(problems: list[Problem], measure: Measure) -> list[Ranked]:
    ordered = sorted(problems, key=lambda one: (-measure(one), one.function, one.problem))
    sizes = [measure(one) for one in ordered]
    control = Control()
    for one in ordered:
        control = control.plus(one.control, 1)
    with localcontext(MONEY):
        sums = list(accumulate(sizes))
    return [
        Ranked(
            sizes.index(size) + 1, one, quotient(size, sums[-1]), quotient(so_far, sums[-1]),
            one.control.share_of(control),
        )
        for one, size, so_far in zip(ordered, sizes, sums, strict=True)
    ]  # fmt: skip
