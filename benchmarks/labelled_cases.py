"""Cases whose disturbed attribute combinations are known: read from a folder, or made by chance.

The generated cases follow the model that the RiskLoc paper (arXiv 2205.10004) publishes, with its
settings S and L; the generator is our own. A folder holds one Parquet file for each case, with an
attribute in each column, `real` and `predict`, and `truth.csv` with the columns `case` and `truth`
(`;` between causes, `&` within one).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars

from copq.improvement.explaining.explain import Leaf

Combination = frozenset[tuple[str, str]]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Leaves with their expectation as `before`, and the combinations that were disturbed."""

    dimensions: tuple[str, ...]
    values: list[tuple[str, ...]]
    real: list[float]
    predict: list[float]
    truth: set[Combination]

    def leaves(self) -> list[Leaf]:
        rows = zip(self.values, self.predict, self.real, strict=True)
        return [Leaf(v, Decimal(str(p)), Decimal(str(r))) for v, p, r in rows]

    def shuffled(self, seed: int) -> "Labelled":
        """The same amounts at other leaves: nothing in the attributes explains them."""
        real = np.random.default_rng(seed).permutation(np.array(self.real)).tolist()
        return Labelled(self.dimensions, self.values, real, self.predict, set())


def read_cases(folder: Path) -> Iterator[Labelled]:
    with (folder / "truth.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            frame = polars.read_parquet(folder / f"{row['case']}.parquet")
            names = tuple(name for name in frame.columns if name not in ("real", "predict"))
            yield Labelled(
                names, frame.select(names).rows(), frame["real"].to_list(),
                frame["predict"].to_list(), _combinations(row["truth"]),
            )  # fmt: skip


def _combinations(text: str) -> set[Combination]:
    return {
        frozenset((name, value) for name, value in (pair.split("=") for pair in cause.split("&")))
        for cause in text.split(";")
    }


@dataclass(frozen=True, slots=True)
class Setting:
    sizes: tuple[int, ...]
    noise: float
    severity: tuple[float, float]
    spread: float
    anomalies: int
    elements: int
    is_last_layer: bool


S = Setting((10, 12, 10, 8, 5), 0.25, (0.2, 1.0), 0.1, 3, 3, False)
L = Setting((10, 24, 10, 15), 0.1, (0.5, 1.0), 0.0, 5, 1, True)


def generated_cases(setting: Setting, seed: int, number: int) -> Iterator[Labelled]:
    for case in range(number):
        yield _Generated(setting, np.random.default_rng([seed, case])).case()


class _Generated:
    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self.setting, self.rng = setting, rng
        self.names = tuple("abcdefgh"[: len(setting.sizes)])
        self.columns = np.array(list(product(*map(range, setting.sizes))))
        self.noise = rng.uniform(0, setting.noise)

    def case(self) -> Labelled:
        real, predict = self._amounts()
        anomalies = self._anomalies(real + predict)
        shrinking = predict if real.sum() > predict.sum() else real
        steady = real if shrinking is predict else predict
        for places, elements in anomalies:
            self._disturb(shrinking, steady, places, elements)
        letters = [[f"{n}{v + 1}" for v in range(s)]
                   for n, s in zip(self.names, self.setting.sizes, strict=True)]  # fmt: skip
        truth = {
            frozenset((self.names[p], letters[p][v]) for p, v in zip(places, element, strict=True))
            for places, elements in anomalies
            for element in elements
        }
        return Labelled(self.names, list(product(*letters)), real.round(4).tolist(),
                        predict.round(4).tolist(), truth)  # fmt: skip

    def _amounts(self) -> tuple[Floats, Floats]:
        rng, count = self.rng, len(self.columns)
        base = rng.weibull(rng.uniform(0.5, 1), count) * 100
        base *= rng.random(count) > rng.uniform(0, 0.25)
        noisy = np.maximum(base * (1 + rng.normal(0, self.noise, count)), 0)
        is_noisy = rng.random(count) < 0.5
        return np.where(is_noisy, noisy, base), np.where(is_noisy, base, noisy)

    def _anomalies(self, amounts: Floats) -> list[tuple[tuple[int, ...], list[tuple[int, ...]]]]:
        """Attributes and the values of each element; no two share a value of an attribute."""
        found: list[tuple[tuple[int, ...], list[tuple[int, ...]]]] = []
        wanted = self.rng.integers(1, self.setting.anomalies + 1)
        while len(found) < wanted:
            drawn = self._drawn(found)
            if drawn and self._is_seen(drawn, amounts):
                found.append(drawn)
        return found

    def _drawn(
        self, others: list[tuple[tuple[int, ...], list[tuple[int, ...]]]]
    ) -> tuple[tuple[int, ...], list[tuple[int, ...]]] | None:
        rng, most = self.rng, len(self.setting.sizes)
        layer = most if self.setting.is_last_layer else int(rng.integers(1, most + 1))
        places = tuple(sorted(rng.choice(most, layer, replace=False).tolist()))
        if layer < most and any(places == other for other, _ in others):
            return None
        count = int(rng.integers(1, self.setting.elements + 1))
        columns = []
        for place in places:
            taken = {e[o.index(place)] for o, elements in others if place in o for e in elements}
            free = [v for v in range(self.setting.sizes[place]) if v not in taken]
            if not free:
                return None
            columns.append(rng.choice(free, count).tolist())
        elements = list(zip(*columns, strict=True))
        return (places, elements) if len(set(elements)) == count else None

    def _is_seen(
        self, drawn: tuple[tuple[int, ...], list[tuple[int, ...]]], amounts: Floats
    ) -> bool:
        return all((amounts[self._leaves(drawn[0], e)] > 0).any() for e in drawn[1])

    def _leaves(self, places: tuple[int, ...], element: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        chosen: npt.NDArray[np.bool_] = (self.columns[:, list(places)] == element).all(axis=1)
        return chosen

    def _disturb(
        self, shrinking: Floats, steady: Floats, places: tuple[int, ...],
        elements: list[tuple[int, ...]],
    ) -> None:  # fmt: skip
        severity = self.rng.uniform(*self.setting.severity) + self.noise
        spread = self.rng.uniform(0, self.setting.spread)
        for element in elements:
            chosen = self._leaves(places, element)
            share = 1 - self.rng.normal(severity, spread, int(chosen.sum()))
            shrinking[chosen] = steady[chosen] * np.maximum(share, 0)
