"""An interrupted time series: a step and a slope at the start of a project, by weekday.

Neighbouring days share what disturbs them, so the errors follow an autoregression (Cochrane and
Orcutt's iteration, statsmodels `GLSAR`). With Newey and West's errors a 90 % interval holds the
truth in 78 % of plants after 30 days; with these in 91 % (ADR 48). Days count by their
expectation, because a busy day says more.

It loads statsmodels and pandas, which takes two seconds: only where a regression is asked for.
"""

from dataclasses import dataclass

import numpy as np
from statsmodels.regression.linear_model import GLSAR

from copq.improvement.evidence.days import LEAST_DAYS, Days, Floats
from copq.improvement.evidence.estimate import Estimate

LAGS = 3
"""Days before that may disturb a day."""

YEAR = 365
_WEEKDAYS = 7
_ROUNDS = 8
_EXACT = 1e-9
"""Relative to the level: what is left of losses that a line explains wholly."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What changed with the start, in shares of the baseline's losses; positive is saved."""

    average: Estimate
    """Over all days since the start."""

    step: Estimate
    """On the first day."""

    slope: Estimate
    """Of a year: positive if more is saved each day."""

    drift_before: Estimate
    """Of a year, in the baseline alone: positive if losses fell before anything was done."""

    @property
    def fell_before(self) -> bool:
        """Losses already fell in the baseline, so a part of the saving may have come anyway."""
        return self.drift_before.low > 0


def interrupted(baseline: Days, since: Days) -> Interrupted:
    """Raises `NotEnoughDays` if either has fewer than two weeks of production."""
    for days in (baseline, since):
        days.require(LEAST_DAYS)
    both = baseline.followed_by(since)
    after = np.arange(len(both)) >= len(baseline)
    elapsed = np.where(after, (both.number - since.number[0]) / YEAR, 0.0)
    middle = float(np.average(elapsed[after], weights=since.expected))
    fit = _Fit(both, baseline.level, np.column_stack([after, elapsed]))
    return Interrupted(
        average=fit.fall(1.0, middle),
        step=fit.fall(1.0, 0.0),
        slope=fit.fall(0.0, 1.0),
        drift_before=_Fit(baseline, baseline.level, _time(baseline)).fall(1.0),
    )


def _time(days: Days) -> Floats:
    elapsed: Floats = (days.number - days.number.mean())[:, None] / YEAR
    return elapsed


class _Fit:
    """Losses per expectation, explained by some columns, a constant and the weekday."""

    def __init__(self, days: Days, level: float, columns: Floats) -> None:
        root = np.sqrt(days.expected / days.expected.mean())
        rates = days.lost / days.expected / level
        design = np.column_stack([columns, _weekdays(days)])
        model = GLSAR(rates * root, design * root[:, None], rho=LAGS)
        exact = model.fit()
        if np.abs(exact.resid).max() < _EXACT:
            self._found, self._covariance = exact.params, np.zeros((design.shape[1],) * 2)
        else:
            fitted = model.iterative_fit(maxiter=_ROUNDS)
            self._found, self._covariance = fitted.params, fitted.cov_params()
        self._freedom = len(rates) - LAGS - design.shape[1]

    def fall(self, *weights: float) -> Estimate:
        """Of a weighted sum of the first coefficients, with the opposite sign."""
        row = np.zeros(len(self._found))
        row[: len(weights)] = weights
        error = float(np.sqrt(row @ self._covariance @ row))
        value = float(-row @ self._found)
        return Estimate.of(0.0 if abs(value) < _EXACT else value, error, self._freedom)


def _weekdays(days: Days) -> Floats:
    """A column for each weekday that occurs; together they are the constant."""
    weekday = days.number % _WEEKDAYS
    columns: Floats = (weekday[:, None] == np.unique(weekday)).astype(float)
    return columns
