"""Simulated plants whose losses change for a known reason, or for none that is recorded.

A plant has lines with machines, products that run on some lines, stages with their defect codes,
shifts and suppliers. Defects are counted by chance (Poisson), and each costs what its product is
worth at its stage. Between two windows the cause multiplies the rate of a combination.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from copq.improvement.explaining.explain import Leaf
from copq.improvement.explaining.exposure import Exposure, Values

DIMENSIONS = ("line", "product", "stage", "defect_code", "work_unit", "shift", "supplier")
KINDS = ("single", "two", "interacting", "scatter", "volume and mix", "not recorded", "no change")
NAMED = ("single", "two", "interacting", "scatter")
"""Kinds whose cause is in the recorded dimensions."""

_LINES, _PRODUCTS, _MACHINES, _SHIFTS, _SUPPLIERS = 4, 8, 3, 3, 4
_DEFECTS = {"filling": ("underfill", "spill"), "capping": ("leak", "scratch", "tilt"),
            "packing": ("crease", "label")}  # fmt: skip
_SINGLE = (("line",), ("product",), ("supplier",), ("defect_code",), ("work_unit",), ("shift",))
_TOGETHER = (("line", "supplier"), ("product", "supplier"), ("defect_code", "supplier"),
             ("work_unit", "shift"), ("line", "defect_code"), ("line", "product", "supplier"),
             ("line", "defect_code", "shift"))  # fmt: skip
_RISE, _FALL = (1.6, 4.0), (0.2, 0.5)
_ENOUGH = 100
"""Defects that a planted combination has in a window, at least: fewer could not be told."""

Filters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planted:
    kind: str
    leaves: list[Leaf]
    exposure: Exposure
    truth: list[Filters]

    def covered(self, filters: Mapping[str, str | None]) -> frozenset[int]:
        """The leaves of a combination: two names of the same leaves are the same answer."""
        return frozenset(
            place
            for place, leaf in enumerate(self.leaves)
            if all(leaf.values[DIMENSIONS.index(n)] == v for n, v in filters.items())
        )


def planted_cases(seed: int, each: int, kinds: tuple[str, ...] = KINDS) -> Iterator[Planted]:
    """As many plants of each kind, made from the seed."""
    for kind in kinds:
        for number in range(each):
            yield _Plant(np.random.default_rng([seed, KINDS.index(kind), number])).case(kind)


class _Plant:
    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        runs = [(ln, p) for ln in range(_LINES) for p in range(_PRODUCTS) if rng.random() < 0.5]
        self.units = {(f"L{ln}", f"P{p}"): rng.lognormal(9, 0.5) for ln, p in runs or [(0, 0)]}
        self.values = [
            (line, product, stage, defect, f"{line}-M{machine}", f"shift {shift}", f"S{supplier}")
            for line, product in self.units
            for stage, defects in _DEFECTS.items()
            for defect in defects
            for machine in range(_MACHINES)
            for shift in range(_SHIFTS)
            for supplier in range(_SUPPLIERS)
        ]
        self.rates = self._rates()
        self.prices = self._prices()

    def _rates(self) -> npt.NDArray[np.float64]:
        """Defects for each unit that its line and product make, by leaf."""
        rates = np.full(len(self.values), 0.02 / (_MACHINES * _SHIFTS * _SUPPLIERS))
        for place in range(len(DIMENSIONS)):
            names = sorted({values[place] for values in self.values})
            own = dict(zip(names, self.rng.lognormal(0, 0.5, len(names)), strict=True))
            rates *= [own[values[place]] for values in self.values]
        return rates

    def _prices(self) -> list[Decimal]:
        worth = {f"P{p}": self.rng.uniform(2, 40) for p in range(_PRODUCTS)}
        share = dict(zip(_DEFECTS, (0.4, 0.7, 1.0), strict=True))
        return [Decimal(f"{worth[v[1]] * share[v[2]]:.2f}") for v in self.values]

    def case(self, kind: str) -> Planted:
        before, after = self._made(kind != "volume and mix"), self._made(kind == "no change")
        expected = np.array([before[v[0], v[1]] for v in self.values]) * self.rates
        counted = self.rng.poisson(expected)
        truth = self._truth(kind, expected)
        rates = self.rates * self._factors(kind, truth)
        rates *= np.array([after[v[0], v[1]] for v in self.values])
        leaves = [
            self._leaf(*row)
            for row in zip(self.values, self.prices, counted, self.rng.poisson(rates), strict=True)
        ]
        units: dict[Values, tuple[Decimal, Decimal]] = {
            key: (Decimal(before[key]), Decimal(after[key])) for key in self.units
        }
        return Planted(kind, leaves, Exposure(("line", "product"), units), truth)

    def _made(self, is_steady: bool) -> dict[tuple[str, str], int]:
        spread = 0.1 if is_steady else 0.5
        return {k: int(u * self.rng.lognormal(0, spread)) + 1 for k, u in self.units.items()}

    def _truth(self, kind: str, expected: npt.NDArray[np.float64]) -> list[Filters]:
        if kind not in NAMED:
            return []
        shapes = _TOGETHER if kind == "interacting" else _SINGLE + _TOGETHER
        causes: list[Filters] = []
        while len(causes) < (2 if kind == "two" else 1):
            shape = shapes[self.rng.integers(len(shapes))]
            values = dict(zip(DIMENSIONS, self.values[self.rng.integers(len(self.values))],
                              strict=True))  # fmt: skip
            cause = {name: values[name] for name in shape}
            if expected[self._chosen(cause)].sum() >= _ENOUGH and not self._meets(cause, causes):
                causes.append(cause)
        return causes

    def _meets(self, cause: Filters, others: list[Filters]) -> bool:
        return any((self._chosen(cause) & self._chosen(other)).any() for other in others)

    def _chosen(self, cause: Filters) -> npt.NDArray[np.bool_]:
        wanted = {DIMENSIONS.index(name): value for name, value in cause.items()}
        return np.array([all(v[p] == w for p, w in wanted.items()) for v in self.values])

    def _factors(self, kind: str, truth: list[Filters]) -> npt.NDArray[np.float64]:
        factors = np.ones(len(self.values))
        if kind == "not recorded":
            factors *= self.rng.uniform(1.15, 2)
        if kind == "scatter":
            factors *= self.rng.gamma(1 / 0.3**2, 0.3**2, len(self.values))
        for cause in truth:
            rises = self.rng.random() < 0.7
            factors[self._chosen(cause)] *= self.rng.uniform(*(_RISE if rises else _FALL))
        return factors

    def _leaf(self, values: tuple[str, ...], price: Decimal, before: int, after: int) -> Leaf:
        square = float(price) ** 2
        return Leaf(
            values, int(before) * price, int(after) * price, int(before) * square,
            int(after) * square, int(before), int(after),
        )  # fmt: skip
