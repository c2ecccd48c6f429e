"""`make bench-statistics`: error rates of the statistics of savings, on plants with a known truth.

A row is a question with the wanted answer, a column a kind of plant; under its name stands its
daily spread, the standard deviation of a day's losses relative to what is expected. The product was
tuned on the first plants alone. What it prints last is the table of docs/statistics-of-savings.md.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import isfinite

from benchmarks import error_rates as rates
from benchmarks.error_rates import HOLDS, WEARS_OFF, YEAR, Runs
from benchmarks.report import Report
from tests.support.improvement.simulated_days import Plant

PLANTS = {
    "one machine": Plant(events=5, shared=0.12),
    "a line, days independent": Plant(events=60, shared=0.1, memory=0.0),
    "a line": Plant(events=60, shared=0.12),
    "a line, long memory": Plant(events=60, shared=0.12, memory=0.6),
    "a plant": Plant(events=400, shared=0.05),
    "a large plant": Plant(events=20_000, shared=0.01),
}


def percent(value: float) -> str:
    return f"{value * 100:.1f} %"


def number(value: float) -> str:
    return f"{value:.3g}" if isfinite(value) else "not in 3 years"


@dataclass(frozen=True, slots=True)
class Question:
    """What is measured, what is wanted of it, and how a measured value is written."""

    words: str
    wanted: str
    measure: Callable[[Runs], float]
    is_reached: Callable[[float], bool] | None = None
    write: Callable[[float], str] = percent
    part: int = 1
    """For what takes long: the part-th of the runs."""

    def name(self, runs: int) -> str:
        """The words, and how many runs there were if these are fewer than usual."""
        return f"{self.words} ({runs:,} runs)" if self.part > 1 else self.words

    def cell(self, value: float) -> str:
        missed = self.is_reached is not None and not self.is_reached(value)
        return self.write(value) + (" ✗" if missed else "")


def _within(value: float) -> bool:
    return 0.88 <= value <= 0.92


def _at_most(limit: float) -> Callable[[float], bool]:
    return lambda value: value <= limit


def _false_share(runs: Runs) -> float:
    return rates.portfolio(runs)[0]


def _found_share(runs: Runs) -> float:
    return rates.portfolio(runs)[1]


WANTED = [
    *(
        Question(f"interval of the saving holds the truth, {days} days", "88 to 92 %",
                 partial(rates.coverage, days=days), _within)
        for days in (30, 91, YEAR)
    ),
    Question("nothing done, ever proven in 3 years of daily looks", "at most 1 %",
             partial(rates.proven, level=1.0, days=3 * YEAR), _at_most(0.01)),
    Question("10 % less, proven within 8 weeks", "at least 80 %",
             partial(rates.proven, level=0.9, days=56), lambda value: value >= 0.8),
    Question("10 % less, weeks until four of five are proven", "at most 8",
             rates.weeks_to_proof, _at_most(8), number),
    Question("half of a saving of 30 % lost in a year: weeks to the alarm (median)", "at most 6",
             rates.weeks_to_alarm, _at_most(6), number),
    Question("saving of 30 % holds: false alarms in 10 project-years", "at most 1",
             rates.false_alarms, _at_most(1), number),
    Question("the same, called eroding or lost by the status", "at most 1",
             rates.false_verdicts, _at_most(1), number, part=4),
    Question("portfolio of 100 projects: false among the proven", "at most 5 %",
             _false_share, _at_most(0.05), part=20),
    Question("placebos: nothing done, yet alone among 19 scopes", "at most 5 %",
             partial(rates.placebo_finds, level=1.0), _at_most(0.05), part=4),
]  # fmt: skip
"""Targets that the definition of the statistics sets."""

QUESTIONS = [
    *WANTED,
    *(
        Question(f"interval of the regression holds the truth, {days} days", "88 to 92 %",
                 partial(rates.regression_coverage, days=days), _within, part=4)
        for days in (30, 91, YEAR)
    ),
    Question("saving holds, yet a trend is found in a year", "at most 5 %",
             partial(rates.trend_found, levels_since=HOLDS), _at_most(0.05)),
    Question("saving wears off: a trend is found in a year", "",
             partial(rates.trend_found, levels_since=WEARS_OFF), part=4),
    Question("nothing changed in 3 years, yet a change of level is named", "at most 5 %",
             rates.changes_invented, _at_most(0.05)),
    Question("a saving of 30 % is the one change named, to two weeks", "",
             rates.change_dated, part=4),
    Question("chart of money: false signals in 1,000 days", "",
             rates.false_signals, write=number, part=4),
    Question("placebos: 20 % less, alone among 19 scopes", "",
             partial(rates.placebo_finds, level=0.8), part=20),
    Question("portfolio of 100 projects: savings of 10 % proven after a year", "",
             _found_share, part=50),
    Question("forecast of three months holds the truth where the saving holds", "88 to 92 %",
             partial(rates.forecast_coverage, levels_since=HOLDS), _within, part=10),
    Question("forecast of three months holds the truth where it wears off", "88 to 92 %",
             partial(rates.forecast_coverage, levels_since=WEARS_OFF), _within, part=10),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="histories of each kind of plant")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    chosen = parser.parse_args()
    if chosen.runs < 1 or chosen.workers < 1:
        parser.error("name at least one run and one process")
    plants = [Runs(plant, chosen.runs) for plant in PLANTS.values()]
    title = f"Error rates of the statistics of savings, {chosen.runs:,} runs (✗: not as wanted)"
    report = Report("statistics", title, "", "wanted", *PLANTS)
    spreads = (f"**{percent(rates.spread(runs))}**" for runs in plants)
    report.add("**daily spread**", "", *spreads)
    with ProcessPoolExecutor(chosen.workers) as pool:
        answers = [
            [pool.submit(one.measure, runs.fewer(one.part)) for runs in plants] for one in QUESTIONS
        ]
        for one, row in zip(QUESTIONS, answers, strict=True):
            name = one.name(plants[0].fewer(one.part).number)
            report.add(name, one.wanted, *(one.cell(answer.result()) for answer in row))
    print(report.file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
