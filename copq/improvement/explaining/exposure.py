"""How much was made in both windows: it removes volume and mix from a change of losses."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Units made before and after, by the values of some dimensions (usually line and product).

    With no dimensions there is one group, `()`: the lengths of both windows in days, for example.
    """

    dimensions: tuple[str, ...]
    units: Mapping[Values, tuple[Decimal, Decimal]]

    def of(self, filters: Mapping[str, str | None]) -> tuple[Fraction, Fraction]:
        """Units before and after of all groups with these values.

        A dimension that is not named, or named with None, stands for all its values: a loss that
        names no product is measured by the units of its line. So is a loss of a product without
        units in both windows; on a line without units, by those of the dimension before the line.
        """
        return self._sums(self.measure(filters))

    def measure(self, filters: Mapping[str, str | None]) -> Mapping[int, str | None]:
        """The values, by the place of their dimension, of the units that measure these losses."""
        named = [
            (place, filters[name])
            for place, name in enumerate(self.dimensions)
            if filters.get(name) is not None
        ]
        while True:
            if not named or any(self._sums(dict(named))):
                return dict(named)
            named.pop()

    def _sums(self, wanted: Mapping[int, str | None]) -> tuple[Fraction, Fraction]:
        if wanted and len(wanted) == len(self.dimensions):  # one group: many are looked up
            before, after = self.units.get(tuple(wanted.values()), (Decimal(0), Decimal(0)))
            return Fraction(before), Fraction(after)
        found = [
            units
            for values, units in self.units.items()
            if all(values[place] == value for place, value in wanted.items())
        ]
        return Fraction(sum(u[0] for u in found)), Fraction(sum(u[1] for u in found))

    def growth(self, filters: Mapping[str, str | None]) -> Fraction | None:
        """Units after for each unit before; None where nothing was made before: no baseline."""
        before, after = self.of(filters)
        return after / before if before > 0 else None


SAME = Exposure((), {(): (Decimal(1), Decimal(1))})
"""No exposure: what was before is what is expected."""
