"""All that the statistics say about one project, for its page: next to the verdict, what to ask.

It loads statsmodels, pandas and ruptures, which takes two seconds: import it where it is asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from copq.improvement.evidence.change_points import Period, levels
from copq.improvement.evidence.days import Days, NotEnoughDays
from copq.improvement.evidence.forecast import Forecast, forecast
from copq.improvement.evidence.regression import Interrupted, interrupted
from copq.improvement.evidence.trend import Trend, trend
from copq.improvement.savings.over_time import Unknown

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Details:
    """Each part, or the reason why there is none yet."""

    regression: Interrupted | Unknown
    trend: Trend | Unknown
    """Of the losses since the start."""

    periods: list[Period] | Unknown
    forecast: list[Forecast] | Unknown


def details(baseline: Days, since: Days, coming: Sequence[float] = ()) -> Details:
    """`coming` are the expected losses of the coming months, as in `forecast`."""
    return Details(
        _or_reason(lambda: interrupted(baseline, since)),
        _or_reason(lambda: trend(since)),
        _or_reason(lambda: levels(baseline, since)),
        _or_reason(lambda: forecast(baseline, since, coming)),
    )


def _or_reason(compute: Callable[[], Found]) -> Found | Unknown:
    try:
        return compute()
    except NotEnoughDays as few:
        return Unknown(str(few))
