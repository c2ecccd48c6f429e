"""How often the statistics of savings are right, on simulated plants whose truth is known.

Each function asks many histories of one kind of plant. A history has a year of baseline, and a
random generator of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from copq.improvement.evidence.change_points import levels
from copq.improvement.evidence.charts import xmr_chart
from copq.improvement.evidence.days import Days, Floats
from copq.improvement.evidence.discoveries import e_discoveries
from copq.improvement.evidence.erosion import Lasting, erosion
from copq.improvement.evidence.forecast import WEEKS_A_MONTH, forecast
from copq.improvement.evidence.interval import interval
from copq.improvement.evidence.placebo import LEAST_SCOPES, Scope, placebos
from copq.improvement.evidence.regression import interrupted
from copq.improvement.evidence.sequential import watch
from copq.improvement.evidence.signals import Rule
from copq.improvement.evidence.trend import trend
from copq.improvement.evidence.verdict import Status, verdict
from copq.improvement.evidence.weeks import WEEK
from tests.support.improvement.simulated_days import Plant, split

YEAR = 365
HELD = 182
SAVING = 0.3
"""Of the plants whose saving holds or wears off."""

HOLDS = np.full(HELD + 2 * YEAR, 1 - SAVING)
WEARS_OFF = 1 - SAVING * np.concatenate(
    [np.ones(HELD), 1 - np.minimum(np.arange(2 * YEAR) / YEAR / 2, 1)]
)
"""Half of it is lost in a year."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Histories of one plant."""

    plant: Plant
    number: int

    def share(self, ask: Callable[[np.random.Generator], bool]) -> float:
        return float(np.mean([ask(random) for random in self._randoms()]))

    def values(self, ask: Callable[[np.random.Generator], float]) -> Floats:
        return np.array([ask(random) for random in self._randoms()])

    def _randoms(self) -> list[np.random.Generator]:
        return [np.random.default_rng(seed) for seed in range(self.number)]

    def history(self, random: np.random.Generator, levels: Floats, *at: int) -> tuple[Days, ...]:
        """A year of baseline, then days with these levels, parted at numbers of days."""
        days = self.plant.days(random, np.concatenate([np.ones(YEAR), levels]))
        return split(days, YEAR, *(YEAR + number for number in at))

    def fewer(self, part: int) -> "Runs":
        """For what takes long: the part-th of the runs."""
        return replace(self, number=max(1, self.number // part))


def spread(runs: Runs) -> float:
    """The standard deviation of a day's losses, relative to what is expected."""
    baseline, _ = runs.history(np.random.default_rng(0), np.ones(1))
    return float(baseline.deviations.std())


def coverage(runs: Runs, days: int) -> float:
    """How often the 90 % interval holds the true saving of a tenth."""

    def covers(random: np.random.Generator) -> bool:
        baseline, period = runs.history(random, np.full(days, 0.9))
        found = interval(baseline, period)
        return bool(found.low <= 0.1 * period.expected.sum() <= found.high)

    return runs.share(covers)


def regression_coverage(runs: Runs, days: int) -> float:
    """How often the regression's 90 % interval holds the true saving of a tenth."""

    def covers(random: np.random.Generator) -> bool:
        found = interrupted(*runs.history(random, np.full(days, 0.9))).average
        return found.low <= 0.1 <= found.high

    return runs.share(covers)


def proven(runs: Runs, level: float, days: int) -> float:
    """How often a level of losses is called a saving, looking daily for so many days."""

    def is_proven(random: np.random.Generator) -> bool:
        return watch(*runs.history(random, np.full(days, level))).proven_after is not None

    return runs.share(is_proven)


def weeks_to_proof(runs: Runs) -> float:
    """After how many weeks a tenth less is proven in four of five plants; within three years."""

    def weeks(random: np.random.Generator) -> float:
        found = watch(*runs.history(random, np.full(3 * YEAR, 0.9))).proven_after
        return np.ceil(found / WEEK) if found else np.inf

    return float(np.quantile(runs.values(weeks), 0.8, method="higher"))


def false_alarms(runs: Runs) -> float:
    """Alarms in ten project-years in which a saving holds, known from its first half-year."""

    def is_raised(random: np.random.Generator) -> bool:
        return erosion(*runs.history(random, HOLDS, HELD)).status is not Lasting.HOLDING

    return runs.share(is_raised) * 10 / 2


def false_verdicts(runs: Runs) -> float:
    """Savings that hold and are called eroding or lost, in ten project-years."""

    def is_wrong(random: np.random.Generator) -> bool:
        baseline, since = runs.history(random, HOLDS)
        found = verdict(baseline, since, SAVING)
        return found.status in (Status.ERODING, Status.LOST)

    return runs.share(is_wrong) * 10 / (len(HOLDS) / YEAR)


def weeks_to_alarm(runs: Runs) -> float:
    """The median of weeks until an alarm, where half of a saving is lost in a year."""

    def weeks(random: np.random.Generator) -> float:
        return erosion(*runs.history(random, WEARS_OFF, HELD)).raised_after or np.inf

    return float(np.median(runs.values(weeks)))


def placebo_finds(runs: Runs, level: float) -> float:
    """How often a project's scope falls more than all of 19 others, whose day is shared.

    All scopes lose a tenth less since the start for a reason that has to do with no project.
    """

    def is_alone(random: np.random.Generator) -> bool:
        own = Scope(*runs.history(random, np.full(91, 0.9 * level)))
        others = [Scope(*runs.history(random, np.full(91, 0.9))) for _ in range(LEAST_SCOPES)]
        return placebos(own, others).share <= 0.05

    return runs.share(is_alone)


def trend_found(runs: Runs, levels_since: Floats) -> float:
    """How often the test of a trend has a p-value of at most 5 % in the year after a half-year."""

    def is_found(random: np.random.Generator) -> bool:
        *_, since = runs.history(random, levels_since[: HELD + YEAR], HELD)
        return trend(since).p_value <= 0.05

    return runs.share(is_found)


def changes_invented(runs: Runs) -> float:
    """How often a change of level is named where nothing changed in three years."""
    nothing = np.ones(2 * YEAR)
    return runs.share(lambda random: len(levels(*runs.history(random, nothing))) > 1)


def change_dated(runs: Runs) -> float:
    """How often a saving that holds is the one change named, and within two weeks of its day."""

    def is_dated(random: np.random.Generator) -> bool:
        baseline, since = runs.history(random, HOLDS[:HELD])
        periods = levels(baseline, since)
        return len(periods) == 2 and abs(periods[1].first.toordinal() - YEAR - 1) <= 2 * WEEK

    return runs.share(is_dated)


def forecast_coverage(runs: Runs, levels_since: Floats) -> float:
    """How often a 90 % interval holds the saving of each of the three months ahead."""
    known = HELD + YEAR // 2

    def covered(random: np.random.Generator) -> float:
        baseline, since, coming = runs.history(random, levels_since[: known + 92], known)
        months = _months(coming)
        found = forecast(baseline, since, [float(one.expected.sum()) for one in months])
        return float(np.mean([
            one.low <= baseline.level * month.expected.sum() - month.lost.sum() <= one.high
            for one, month in zip(found, months, strict=True)
        ]))  # fmt: skip

    return float(runs.values(covered).mean())


def _months(days: Days) -> list[Days]:
    bounds = [round(month * WEEKS_A_MONTH * WEEK) for month in range(4)]
    return [days.part(*bounds[month : month + 2]) for month in range(3)]


def portfolio(runs: Runs) -> tuple[float, float]:
    """Of portfolios with 80 projects that do nothing and 20 that save a tenth, after a year: the
    mean share of false ones among the proven, and the mean share of savings that are proven.
    """
    levels_of = [1.0] * 80 + [0.9] * 20
    shares = [_shares(runs, np.random.default_rng(seed), levels_of) for seed in range(runs.number)]
    false, true = np.mean(shares, axis=0)
    return float(false), float(true)


def _shares(runs: Runs, random: np.random.Generator, levels_of: list[float]) -> Floats:
    evidence = [
        float(watch(*runs.history(random, np.full(YEAR, level))).log_evidence[-1])
        for level in levels_of
    ]
    named = np.array(e_discoveries(evidence))
    saves = np.array(levels_of) < 1
    return np.array([(named & ~saves).sum() / max(1, named.sum()), named[saves].mean()])


def false_signals(runs: Runs) -> float:
    """Points beyond the limits of the chart of money, in 1,000 days in which nothing changed."""

    def signals(random: np.random.Generator) -> float:
        baseline, since = runs.history(random, np.ones(YEAR))
        chart = xmr_chart(baseline.lost / baseline.expected, since.lost / since.expected)
        return sum(signal.rule is Rule.BEYOND for signal in chart.signals) / YEAR

    return float(runs.values(signals).mean()) * 1_000
