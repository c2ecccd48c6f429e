"""What a project lost on each production day, next to what its baseline lets expect: the series
that its interval and its verdict are computed from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from copq.improvement.savings.bridge import NOTHING
from copq.improvement.savings.cents import amount
from copq.improvement.savings.measured import Cells, Measured

if TYPE_CHECKING:
    from copq.improvement.evidence.days import Days


@dataclass(frozen=True, slots=True)
class DailySeries:
    """Production days in order: losses at the frozen rates, and what the baseline lets expect.

    Losses without a baseline are in neither. `lost` is without `not_routine`.
    """

    days: Sequence[date]
    lost: Sequence[Fraction]
    expected: Sequence[Fraction]
    not_routine: Sequence[Fraction]

    def statistics_days(self) -> "Days":
        """The same for statistics, however few days there are."""
        # It loads scipy, which is slow: only what measures projects needs it.
        from copq.improvement.evidence.days import Days

        return Days.recorded(_floats(self.lost), _floats(self.expected), self.days)


def _floats(values: Sequence[Fraction]) -> list[float]:
    return [float(value) for value in values]


def daily_series(
    own: Measured, days: Mapping[date, Cells], accepted: Mapping[date, Fraction | Decimal]
) -> DailySeries:
    """The series of some days of a project.

    `accepted` are the amounts that finance accepted as not routine, each with a day of its month.
    An amount is taken out of the days of its month that lost most of what is expected, down to one
    level, since it explains why they did; so the month is as in its bridge. Where its month has no
    other day, it is of that day.
    """
    months = {(day.year, day.month) for day in days}
    alone: dict[date, Cells] = {day: {} for day in accepted if (day.year, day.month) not in months}
    every: dict[date, Cells] = dict(sorted({**alone, **days}.items()))
    lost, expected = _lost_and_expected(own, every)
    taken = _taken_out(list(every), lost, expected, accepted)
    routine = [whole - part for whole, part in zip(lost, taken, strict=True)]
    return DailySeries(list(every), routine, expected, taken)


def _lost_and_expected(
    own: Measured, days: Mapping[date, Cells]
) -> tuple[list[Fraction], list[Fraction]]:
    per_unit = {place: sum(of.values(), NOTHING) for place, of in own.losses_per_unit().items()}
    lost: list[Fraction] = []
    expected: list[Fraction] = []
    for cells in days.values():
        known = [(own.standard(name[:2]), side) for name, side in cells.items()]
        lost.append(
            sum((Fraction(side.at_frozen_rates) for at, side in known if at is not None), NOTHING)
        )
        due = (Fraction(side.exposure) * per_unit[at] for at, side in known if at is not None)
        expected.append(sum(due, NOTHING))
    return lost, expected


def _taken_out(
    days: Sequence[date], lost: Sequence[Fraction], expected: Sequence[Fraction],
    accepted: Mapping[date, Fraction | Decimal],
) -> list[Fraction]:  # fmt: skip
    """The part of the accepted amounts that each day bears."""
    amounts: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    for day, whole in accepted.items():
        amounts[day.year, day.month] += Fraction(whole)
    places: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, day in enumerate(days):
        places[day.year, day.month].append(place)
    found = [NOTHING] * len(days)
    for month, whole in amounts.items():
        own = places[month]
        parts = _parts(whole, [lost[n] for n in own], [expected[n] for n in own])
        for place, part in zip(own, parts, strict=True):
            found[place] = part
    return found


def _parts(
    whole: Fraction, lost: Sequence[Fraction], expected: Sequence[Fraction]
) -> list[Fraction]:
    """An amount divided among the days of a month: it brings those with the highest losses per
    expectation (below zero: the lowest) to one level. Equal where nothing is expected."""
    borne = _borne(lost, expected)
    order = sorted(borne, key=lambda n: borne[n] / expected[n], reverse=whole > 0)
    if not order or not whole:
        return [whole / len(lost)] * len(lost)
    found, sum_lost, sum_due, level = [NOTHING] * len(lost), NOTHING, NOTHING, NOTHING
    for number, place in enumerate(order):
        reached = borne[place] / expected[place]
        if number and (reached <= level if whole > 0 else reached >= level):
            break
        sum_lost, sum_due = sum_lost + borne[place], sum_due + expected[place]
        level = (sum_lost - whole) / sum_due
    else:
        number += 1
    for place in order[:number]:
        found[place] = borne[place] - level * expected[place]
    return found


def _borne(lost: Sequence[Fraction], expected: Sequence[Fraction]) -> dict[int, Fraction]:
    """What each day with an expectation lost, with the losses of the days without one before it;
    the last one has those after it, too."""
    found: dict[int, Fraction] = {}
    waiting = NOTHING
    for place, (own, due) in enumerate(zip(lost, expected, strict=True)):
        waiting += own
        if due > 0:
            found[place], waiting = waiting, NOTHING
    if found:
        found[max(found)] += waiting
    return found


def bounds(own: Measured, baseline: DailySeries, currency: str) -> dict[str, Any]:
    """`low`, `high` and `is_demonstrated` of a month; None where there are too few production
    days."""
    from copq.improvement.evidence.days import LEAST_DAYS
    from copq.improvement.evidence.interval import interval

    accepted = {min(own.days): own.non_routine} if own.days else {}
    before = baseline.statistics_days()
    month = daily_series(own, own.days, accepted).statistics_days()
    if min(len(before), len(month)) < LEAST_DAYS:
        return {"low": None, "high": None, "is_demonstrated": None}
    found = interval(before, month)
    return {
        "low": amount(Fraction(found.low), currency),
        "high": amount(Fraction(found.high), currency),
        "is_demonstrated": found.is_demonstrated,
    }
