"""`make bench-statistics`: error rates of the statistics of savings, on plants with a known truth.

Each row is a kind of plant; the daily spread is the standard deviation of a day's losses,
relative to what is expected. Nothing here was used to tune the product but the first plant.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.report import Report
from copq.improvement.evidence.days import Days, Floats
from copq.improvement.evidence.erosion import Lasting, erosion
from copq.improvement.evidence.interval import interval
from copq.improvement.evidence.sequential import watch
from tests.support.improvement.simulated_days import Plant, split

YEAR = 365
HELD = 182
PLANTS = {
    "one machine": Plant(events=5, shared=0.12),
    "a line, days independent": Plant(events=60, shared=0.1, memory=0.0),
    "a line": Plant(events=60, shared=0.12),
    "a line, long memory": Plant(events=60, shared=0.12, memory=0.6),
    "a plant": Plant(events=400, shared=0.05),
    "a large plant": Plant(events=20_000, shared=0.01),
}


@dataclass(frozen=True, slots=True)
class Runs:
    """Histories of one plant, each with a random generator of its own."""

    plant: Plant
    number: int

    def share(self, ask: Callable[[np.random.Generator], bool]) -> float:
        return float(np.mean([ask(np.random.default_rng(seed)) for seed in range(self.number)]))

    def median(self, ask: Callable[[np.random.Generator], float]) -> float:
        return float(np.median([ask(np.random.default_rng(seed)) for seed in range(self.number)]))

    def history(self, random: np.random.Generator, levels: Floats, *at: int) -> tuple[Days, ...]:
        """A year of baseline, then days with these levels, parted at numbers of days."""
        days = self.plant.days(random, np.concatenate([np.ones(YEAR), levels]))
        return split(days, YEAR, *(YEAR + number for number in at))


def spread(runs: Runs) -> float:
    """The daily spread of the plant."""
    baseline, _ = runs.history(np.random.default_rng(0), np.ones(1))
    return float(baseline.deviations.std())


def coverage(runs: Runs, days: int) -> float:
    """How often the 90 % interval holds the true saving of a tenth."""

    def covers(random: np.random.Generator) -> bool:
        baseline, period = runs.history(random, np.full(days, 0.9))
        found = interval(baseline, period)
        return bool(found.low <= 0.1 * period.expected.sum() <= found.high)

    return runs.share(covers)


def proven(runs: Runs, level: float, days: int) -> float:
    """How often a level of losses is called a saving, looking daily for so many days."""

    def is_proven(random: np.random.Generator) -> bool:
        baseline, since = runs.history(random, np.full(days, level))
        return watch(baseline, since).proven_after is not None

    return runs.share(is_proven)


def false_alarms(runs: Runs, years: int = 2) -> float:
    """Alarms in ten project-years in which a saving of 30 % holds."""

    def is_raised(random: np.random.Generator) -> bool:
        held = runs.history(random, np.full(HELD + years * YEAR, 0.7), HELD)
        return erosion(*held).status is not Lasting.HOLDING

    return runs.share(is_raised) * 10 / years


def weeks_to_alarm(runs: Runs) -> float:
    """The median of weeks until an alarm, where half of a saving of 30 % is lost in a year."""
    left = 1 - np.minimum(np.arange(2 * YEAR) / YEAR / 2, 1)
    levels = np.concatenate([np.full(HELD, 0.7), 1 - 0.3 * left])

    def weeks(random: np.random.Generator) -> float:
        return erosion(*runs.history(random, levels, HELD)).raised_after or np.inf

    return runs.median(weeks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="histories of each kind of plant")
    number = parser.parse_args().runs
    report = Report(
        "statistics", f"Error rates of the statistics of savings, {number} runs each",
        "plant", "daily spread", "90 % interval holds the truth: 30 days", "91 days", "a year",
        "nothing done, ever proven in 3 years", "10 % less, proven in 8 weeks", "in 26 weeks",
        "false alarms in 10 project-years", "weeks to the alarm",
    )  # fmt: skip
    for name, plant in PLANTS.items():
        runs = Runs(plant, number)
        report.add(
            name, f"{spread(runs):.1%}",
            *(f"{coverage(runs, days):.1%}" for days in (30, 91, YEAR)),
            f"{proven(runs, 1.0, 3 * YEAR):.1%}",
            *(f"{proven(runs, 0.9, days):.1%}" for days in (56, 182)),
            f"{false_alarms(runs):.2f}", f"{weeks_to_alarm(runs):g}",
        )  # fmt: skip
    report.close()


if __name__ == "__main__":
    main()
