"""All that the statistics say about one project next to the verdict, which decides.

It loads statsmodels, pandas and ruptures, which takes two seconds: import it where days are tested.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from copq.improvement.evidence.change_points import Period, levels
from copq.improvement.evidence.charts import Chart, ewma_chart, xmr_chart
from copq.improvement.evidence.days import Days, Floats, NotEnoughDays
from copq.improvement.evidence.forecast import WEEKS_A_MONTH, Forecast, forecast
from copq.improvement.evidence.regression import Interrupted, interrupted
from copq.improvement.evidence.trend import Trend, trend
from copq.improvement.evidence.weeks import WEEK
from copq.improvement.savings.over_time import Unknown

Found = TypeVar("Found")
RECENT = 91
"""Calendar days whose production is expected to go on."""


@dataclass(frozen=True, slots=True)
class Details:
    """Each part, or the reason why there is none yet."""

    regression: Interrupted | Unknown
    trend_before: Trend | Unknown
    """Of the losses in the baseline."""

    trend: Trend | Unknown
    """Of the losses since the start."""

    periods: list[Period] | Unknown
    forecast: list[Forecast] | Unknown
    single: Chart | Unknown
    """The XmR chart of losses per expectation since the start."""

    average: Chart | Unknown
    """Their moving average (EWMA)."""


def details(baseline: Days, since: Days, coming: Sequence[float] = ()) -> Details:
    """`coming` are the expected losses of the coming months, as in `forecast`."""

    def found(compute: Callable[[], Found]) -> Found | Unknown:
        try:
            _require_losses(baseline)
            return compute()
        except NotEnoughDays as few:
            return Unknown(str(few))

    return Details(
        found(lambda: interrupted(baseline, since)),
        found(lambda: trend(baseline)),
        found(lambda: trend(since)),
        found(lambda: levels(baseline, since)),
        found(lambda: forecast(baseline, since, coming)),
        found(lambda: xmr_chart(_rates(baseline), _rates(since))),
        found(lambda: ewma_chart(_rates(baseline), _rates(since))),
    )


def _require_losses(baseline: Days) -> None:
    """Everything is a share of them. Raises `NotEnoughDays` if there are days without any."""
    if len(baseline) and baseline.level <= 0:
        raise NotEnoughDays("the baseline lost nothing, so nothing can be compared with it")


def coming_months(since: Days, months: int) -> list[float]:
    """The expected losses of the coming months, if as much is made as in the last quarter."""
    if not len(since):
        return []
    last = int(since.number[-1])
    days = min(RECENT, last - int(since.number[0]) + 1)
    recent = since.expected[since.number > last - days].sum()
    return [float(recent) / days * WEEK * WEEKS_A_MONTH] * months


def _rates(days: Days) -> Floats:
    """Losses per expectation of each day."""
    return days.lost / days.expected
