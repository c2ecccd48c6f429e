"""The p-values of the causes of a change, by permuting its production days.

It loads numpy, which is slow: import it where a change is explained.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import numpy as np

from copq.figures.why_changes import MADE, Change
from copq.figures.window import Window
from copq.improvement.explaining.days import day_p_values, enough_days
from copq.improvement.explaining.explain import Explanation
from copq.improvement.explaining.exposure import Values
from copq.improvement.explaining.scatter import Floats

ByDay = dict[date, Decimal]
UnitsByDay = Mapping[date, Decimal | float]
_Values = tuple[tuple[int, str | None], ...]


@dataclass(slots=True)
class ChangeDays:
    """The losses of each cause (by its place) and the units made, of each production day."""

    change: Change
    found: Explanation
    losses: dict[int, dict[Values, ByDay]] = field(default_factory=dict)
    units: dict[Values, UnitsByDay] = field(default_factory=dict)

    def tested(self) -> Explanation:
        """With p-values by days for the causes that have enough days, the others as they are."""
        days = self._days()
        window = self.change.windows.after
        is_after = np.array([window.first <= day < window.last for day in days], dtype=np.bool_)
        after = int(is_after.sum())
        places = [
            place
            for place, part in enumerate(self.found.parts)
            if enough_days(len(days) - after, after, part.choices)
        ]
        excess = self._excess(days, places)
        choices = [self.found.parts[place].choices for place in places]
        p_values = dict(zip(places, day_p_values(excess, is_after, choices), strict=True))
        return replace(self.found, parts=tuple(
            replace(part, p_value=p_values[place], p_value_by="days") if place in p_values else part
            for place, part in enumerate(self.found.parts)
        ))  # fmt: skip

    def _days(self) -> list[date]:
        """Those with units or with losses of a cause; all of both windows if days are the units."""
        if not self.change.has_units:
            windows = self.change.windows
            return sorted([*_days_of(windows.before), *_days_of(windows.after)])
        groups = [*self.units.values(), *(g for own in self.losses.values() for g in own.values())]
        return sorted({day for group in groups for day, amount in group.items() if amount})

    def _excess(self, days: list[date], places: list[int]) -> Floats:
        """Of each cause and day, the losses less what its units lose in both windows together."""
        units = self._made(days)
        columns = np.zeros((len(days), len(places)))
        for column, place in enumerate(places):
            for group in sorted(self.losses.get(place, {}), key=_order):
                made = units(tuple(self.change.exposure.measure(_named(group)).items()))
                lost = _row(self.losses[place][group], days)
                if self.change.exposure.growth(_named(group)) is not None:
                    columns[:, column] += lost - made * (lost.sum() / made.sum())
        return columns

    def _made(self, days: list[date]) -> Callable[[_Values], Floats]:
        """The units of each day that are of these values, by the place of their dimension."""

        @cache
        def made(values: _Values) -> Floats:
            if not self.change.has_units:
                return np.ones(len(days))
            own = [
                by_day
                for group, by_day in sorted(self.units.items(), key=lambda item: _order(item[0]))
                if all(group[place] == value for place, value in values)
            ]
            return sum((_row(by_day, days) for by_day in own), np.zeros(len(days)))

        return made


def _days_of(window: Window) -> Iterator[date]:
    return (window.first + timedelta(days=number) for number in range(window.days))


def _named(group: Values) -> dict[str, str | None]:
    return dict(zip(MADE, group, strict=True))


def _order(group: Values) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, value or "") for value in group)


def _row(by_day: UnitsByDay, days: Iterable[date]) -> Floats:
    return np.array([float(by_day.get(day, 0)) for day in days])
