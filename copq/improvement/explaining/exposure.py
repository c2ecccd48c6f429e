"""How much was made in both windows: it removes volume and mix from a change of losses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

Values = tuple[str | None, ...]
GROUP = "group"
"""The dimension of product groups, which a product is in."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Units made before and after, by the values of some dimensions (usually line and product).

    With no dimensions there is one group, `()`: the lengths of both windows in days, for example.
    `groups` are the product groups of these units, if groups are a dimension of the losses.
    """

    dimensions: tuple[str, ...]
    units: Mapping[Values, tuple[Decimal, Decimal]]
    groups: Mapping[Values, str] = field(default_factory=dict)

    def of(self, filters: Mapping[str, str | None]) -> tuple[Fraction, Fraction]:
        """Units before and after of all groups with these values.

        A dimension that is not named, or named with None, stands for all its values: a loss that
        names no product is measured by the units of its line. So is a loss of a product without
        units in both windows; on a line without units, by those of the dimension before the line.
        A product group is measured by the units of its products.
        """
        if filters.get(GROUP) is not None:
            own = self._sums(self._named(filters), filters[GROUP])
            if any(own):
                return own
        return self._sums(self.measure(filters))

    def measure(self, filters: Mapping[str, str | None]) -> Mapping[int, str | None]:
        """The values, by the place of their dimension, of the units that measure these losses."""
        named = self._named(filters)
        while named and not any(self._sums(named)):
            named.popitem()
        return named

    def _named(self, filters: Mapping[str, str | None]) -> dict[int, str | None]:
        return {
            place: filters[name]
            for place, name in enumerate(self.dimensions)
            if filters.get(name) is not None
        }

    def _sums(
        self, wanted: Mapping[int, str | None], group: str | None = None
    ) -> tuple[Fraction, Fraction]:
        if (
            group is None and wanted and len(wanted) == len(self.dimensions)
        ):  # one group: many are looked up
            before, after = self.units.get(tuple(wanted.values()), (Decimal(0), Decimal(0)))
            return Fraction(before), Fraction(after)
        found = [
            units
            for values, units in self.units.items()
            if all(values[place] == value for place, value in wanted.items())
            and group in (None, self.groups.get(values))
        ]
        return Fraction(sum(u[0] for u in found)), Fraction(sum(u[1] for u in found))

    def growth(self, filters: Mapping[str, str | None]) -> Fraction | None:
        """Units after for each unit before; None where nothing was made before: no baseline."""
        before, after = self.of(filters)
        return after / before if before > 0 else None


SAME = Exposure((), {(): (Decimal(1), Decimal(1))})
"""No exposure: what was before is what is expected."""
