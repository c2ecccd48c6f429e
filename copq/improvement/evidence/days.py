"""Losses by production day, next to what the baseline lets expect; and how much they vary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
LEAST_DAYS = 14
"""Fewer days say nothing about how the losses vary."""

_MOST_LAGS = 10


class NotEnoughDays(ValueError):
    """Too few production days for a statistic; the text says how many there must be."""


@dataclass(frozen=True, slots=True)
class Days:
    """Money by production day, in order: what was lost, and what was expected for its units.

    `expected` is the sum over products of units x baseline loss per unit, at frozen rates, so it
    holds volume and mix. Only days on which something is expected are in it. `number` counts
    calendar days (`date.toordinal`), so that weekdays and gaps are known.
    """

    lost: Floats
    expected: Floats
    number: Numbers

    @classmethod
    def of(
        cls, lost: Sequence[float], expected: Sequence[float], dates: Sequence[date] | None = None
    ) -> "Days":
        """Raises `NotEnoughDays` if there are fewer than `LEAST_DAYS` with production."""
        days = cls.recorded(lost, expected, dates)
        days.require(LEAST_DAYS)
        return days

    @classmethod
    def recorded(
        cls, lost: Sequence[float], expected: Sequence[float], dates: Sequence[date] | None = None
    ) -> "Days":
        """However few days there are. Without dates the days follow each other.

        What a day without production lost counts on the next one with production, or, if there is
        none, on the last.

        Raises `ValueError` if the dates are not in order.
        """
        losses, expectations = np.asarray(lost, dtype=float), np.asarray(expected, dtype=float)
        days = range(1, len(losses) + 1) if dates is None else [day.toordinal() for day in dates]
        numbers = np.asarray(days, dtype=np.int64)
        if (np.diff(numbers) <= 0).any():
            raise ValueError("the days are not in order: sort them, each date once")
        produced = np.flatnonzero(expectations > 0)
        if not len(produced):
            return cls(losses[:0], expectations[:0], numbers[:0])
        at = np.minimum(np.searchsorted(produced, np.arange(len(losses))), len(produced) - 1)
        borne = np.zeros(len(produced))
        np.add.at(borne, at, losses)
        return cls(borne, expectations[produced], numbers[produced])

    def __len__(self) -> int:
        return len(self.lost)

    def part(self, start: int | None, end: int | None = None) -> "Days":
        """Some of the days, by their position, as a slice of a list."""
        some = slice(start, end)
        return Days(self.lost[some], self.expected[some], self.number[some])

    def followed_by(self, later: "Days") -> "Days":
        """Both, as one series. Raises `ValueError` if `later` does not begin later."""
        if len(self) and len(later) and later.number[0] <= self.number[-1]:
            raise ValueError("the days since the start begin before the baseline ends")
        return Days(
            np.concatenate([self.lost, later.lost]),
            np.concatenate([self.expected, later.expected]),
            np.concatenate([self.number, later.number]),
        )

    def require(self, least: int) -> None:
        """Raises `NotEnoughDays` if there are fewer."""
        if len(self) < least:
            raise NotEnoughDays(f"{len(self)} days with production: {least} are needed at least")

    @property
    def level(self) -> float:
        """Losses per unit of expectation: 1 in the baseline itself, 0.9 if a tenth is saved."""
        return float(self.lost.sum() / self.expected.sum())

    @property
    def deviations(self) -> Floats:
        """Of each day from the level, relative to the level; their weighted mean is 0. None where
        nothing was lost."""
        if not self.level:
            return np.zeros(len(self))
        return self.lost / (self.level * self.expected) - 1

    @property
    def concentration(self) -> float:
        """The variance of the level, for independent days whose variance is 1: 1 / days, or more
        where a few days hold most of the production.
        """
        return float((self.expected**2).sum() / self.expected.sum() ** 2)


def long_run_variance(deviations: Floats) -> float:
    """The variance of a day that counts for means over many days, which neighbours share.

    By an autoregression of the order that Akaike's criterion chooses, solved by Yule and Walker;
    never less than the plain variance, since a plant that balances a bad day by a good one on
    purpose is rarer than a chance finding of it.
    """
    covariances = _covariances(deviations)
    order = int(np.argmin(_akaike(covariances, len(deviations))))
    plain = float(covariances[0])
    if order == 0 or plain == 0:
        return plain
    weights = solve_toeplitz(covariances[:order], covariances[1 : order + 1])
    innovation = plain - weights @ covariances[1 : order + 1]
    return max(plain, float(innovation / (1 - weights.sum()) ** 2))


def _covariances(deviations: Floats) -> Floats:
    days = len(deviations)
    lags = min(_MOST_LAGS, days // 4)
    return np.array([deviations[: days - k] @ deviations[k:] / days for k in range(lags + 1)])


def _akaike(covariances: Floats, days: int) -> list[float]:
    """Akaike's criterion of each order, from 0."""
    if covariances[0] == 0:
        return [0.0]
    found = [days * np.log(covariances[0])]
    for order in range(1, len(covariances)):
        weights = solve_toeplitz(covariances[:order], covariances[1 : order + 1])
        innovation = covariances[0] - weights @ covariances[1 : order + 1]
        found.append(days * np.log(max(innovation, 1e-300)) + 2 * order)
    return found
