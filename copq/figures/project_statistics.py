"""All that the tests say about a project's days, as JSON to keep: each part, or why it is missing.

It loads statsmodels and scipy, which are slow: import it where projects are tested.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import Any, TypeVar

import numpy as np

from copq.figures.project_placebos import Compared
from copq.figures.project_series import DailySeries
from copq.improvement.evidence.change_points import Period
from copq.improvement.evidence.charts import Chart
from copq.improvement.evidence.days import LEAST_DAYS, Days, long_run_variance
from copq.improvement.evidence.details import coming_months, details
from copq.improvement.evidence.estimate import Estimate
from copq.improvement.evidence.forecast import Forecast
from copq.improvement.evidence.regression import Interrupted
from copq.improvement.evidence.sequential import watch
from copq.improvement.evidence.signals import Rule
from copq.improvement.evidence.trend import Trend
from copq.improvement.evidence.verdict import Verdict, verdict
from copq.improvement.evidence.weeks import WEEK
from copq.improvement.savings.over_time import Unknown

T = TypeVar("T")
COMING = 6
"""Months ahead that are forecast."""

_IN_NINE_OF_TEN = 1.645
_SIGNIFICANT = 9
_MONTH = timedelta(days=365 / 12)


@dataclass(frozen=True, slots=True)
class Tested:
    """The verdict about a project's days, and everything next to it as JSON."""

    verdict: Verdict
    figures: dict[str, Any]
    statistics: dict[str, Any]


def compute_evidence(before: DailySeries, after: DailySeries, promised: float | None) -> Tested:
    """Test the days since a start; it takes about a second."""
    baseline, since = before.statistics_days(), after.statistics_days()
    found = verdict(baseline, since, promised)
    months = coming_months(since, COMING)
    told = details(baseline, since, months)
    statistics = {
        "regression": _part(told.regression, _regression),
        "trend_before": _part(told.trend_before, _trend),
        "trend": _part(told.trend, _trend),
        "levels": _part(told.periods, lambda of: {"periods": [_period(one) for one in of]}),
        "forecast": _part(told.forecast, lambda of: _forecast(of, months, after.days[-1])),
        "single": _part(told.single, _chart),
        "average": _part(told.average, _average),
        "band": _band(baseline),
        "baseline_days": len(baseline),
        "days": _days(before, baseline, ()) + _days(after, since, _evidence(baseline, since)),
    }
    return Tested(found, _verdict(found, since), statistics)


def placebo_json(found: Compared | Unknown, day: date) -> dict[str, Any]:
    """The comparison with other scopes, made on a day."""
    return {"day": str(day), **_part(found, _compared)}


def _part(found: T | Unknown, json_of: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    if isinstance(found, Unknown):
        return {"reason": found.reason}
    return {"reason": None, **json_of(found)}


def _verdict(found: Verdict, since: Days) -> dict[str, Any]:
    money = found.saving
    proven = found.proven_after
    names = ("days", "proven_after", "days_needed", "sought", "share", "low", "high",
             "share_of_late", "log_evidence")  # fmt: skip
    return {
        "verdict": str(found.status), "words": found.words, "promised": str(found.promised),
        "alarm_on": found.alarm_on and str(found.alarm_on),
        "proven_on": str(date.fromordinal(int(since.number[proven - 1]))) if proven else None,
        **{name: _number(getattr(found, name)) for name in names},
        "saving": money and _number(money.saving), "saving_low": money and _number(money.low),
        "saving_high": money and _number(money.high),
        "is_demonstrated": money and money.is_demonstrated,
    }  # fmt: skip


def _regression(found: Interrupted) -> dict[str, Any]:
    names = ("average", "step", "slope", "drift_before")
    return {
        **{name: _estimate(getattr(found, name)) for name in names},
        "fell_before": found.fell_before,
    }


def _estimate(found: Estimate) -> dict[str, Any]:
    return {name: _number(getattr(found, name)) for name in ("value", "low", "high", "p_value")}


def _trend(found: Trend) -> dict[str, Any]:
    names = ("slope", "low", "high", "p_value")
    return {
        **{name: _number(getattr(found, name)) for name in names},
        "rises": found.rises, "falls": found.falls,
    }  # fmt: skip


def _period(found: Period) -> dict[str, Any]:
    return {"first": str(found.first), "weeks": int(found.weeks), "level": _number(found.level)}


def _forecast(found: Sequence[Forecast], expected: Sequence[float], last: date) -> dict[str, Any]:
    """Months of equal length from the day after the last one."""
    start = last + timedelta(days=1)
    return {"months": [
        {
            "first": str(start + n * _MONTH), "last": str(start + (n + 1) * _MONTH - _DAY),
            "expected": _number(due), "saving": _number(one.saving), "low": _number(one.low),
            "high": _number(one.high),
        }
        for n, (one, due) in enumerate(zip(found, expected, strict=True))
    ]}  # fmt: skip


_DAY = timedelta(days=1)


def _chart(found: Chart) -> dict[str, Any]:
    """Centre and limits, and how many days met each of Nelson's tests."""
    met = Counter(signal.rule for signal in found.signals)
    low, high = _limits(found)
    return {
        "centre": _number(found.centre), "low": low, "high": high, "days": len(found.values),
        "signals": [
            {"test": rule.number, "says": rule.words, "days": met[rule]}
            for rule in Rule if met[rule]
        ],
    }  # fmt: skip


def _limits(found: Chart) -> tuple[float | None, float | None]:
    """Those of the last day."""
    if not len(found.values):
        return None, None
    return _number(found.low[-1]), _number(found.high[-1])


def _average(found: Chart) -> dict[str, Any]:
    above = sum(found.values > found.high)
    below = sum(found.values < found.low)
    return {
        **_chart(found), "days_above": int(above), "days_below": int(below),
        "values": [_number(value) for value in found.values],
    }  # fmt: skip


def _band(baseline: Days) -> dict[str, Any] | None:
    """Between which levels nine of ten weeks of the baseline lie; its level is 1."""
    if len(baseline) < LEAST_DAYS or not baseline.level > 0:
        return None
    half = _IN_NINE_OF_TEN * float(np.sqrt(long_run_variance(baseline.deviations) / WEEK))
    return {"low": _number(1 - half), "high": _number(1 + half)}


def _evidence(baseline: Days, since: Days) -> Sequence[float]:
    if len(baseline) < LEAST_DAYS or not len(since):
        return ()
    return [float(value) for value in watch(baseline, since).log_evidence]


def _days(series: DailySeries, tested: Days, evidence: Sequence[float]) -> list[list[Any]]:
    """Each production day that was tested: its losses, what was taken out of them as not routine,
    the expectation, and the logarithm of the e-value."""
    taken = DailySeries(
        series.days, series.not_routine, series.expected, series.not_routine
    ).statistics_days()
    found = zip(tested.number, tested.lost, taken.lost, tested.expected, strict=True)
    return [
        [str(date.fromordinal(int(number))), _money(lost), _money(out), _money(due),
         _number(evidence[n]) if evidence else None]
        for n, (number, lost, out, due) in enumerate(found)
    ]  # fmt: skip


def _compared(found: Compared) -> dict[str, Any]:
    return {
        "scopes": found.found.scopes, "at_least_as_large": found.found.at_least_as_large,
        "share": _number(found.found.share), "are_enough": found.found.are_enough,
        "fell": _number(found.own.share), "errors": _number(found.own.scope.fall),
        "others": [
            {"name": one.name, "fell": _number(one.share), "errors": _number(one.scope.fall)}
            for one in found.others
        ],
        "counts": _part(found.counts, _chart),
    }  # fmt: skip


def _money(value: float) -> float:
    return float(f"{value:.12g}")


def _number(value: float | None) -> float | None:
    """Nine digits; JSON has no infinity."""
    if value is None or not isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.{_SIGNIFICANT}g}")
