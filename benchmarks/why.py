"""`make bench-why`: how often the causes of a change are found, next to published algorithms.

The method was tuned on the cases named "tuned on"; all other rows were left aside.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.labelled_cases import L, Labelled, S, Setting, generated_cases, read_cases
from benchmarks.planted_causes import DIMENSIONS, KINDS, Planted, planted_cases
from benchmarks.report import Report
from copq.improvement.explaining.explain import Explanation, explain

FOLDER = "COPQ_WHY_CASES"
DOCS = Path(__file__).parents[1] / "docs"
PUBLISHED = {"s": "RiskLoc 0.72, AutoRoot 0.55, Adtributor 0.13",
             "l": "AutoRoot 0.77, RiskLoc 0.72, Adtributor 0.00"}  # fmt: skip
TUNED, FRESH = 1, 2


@dataclass(slots=True)
class Score:
    """Causes found, invented and missed; the same for the answer "nothing recorded"."""

    right: int = 0
    invented: int = 0
    missed: int = 0
    cases: int = 0
    unexplained: int = 0
    seconds: float = 0.0

    def count(self, found: set[Any], truth: set[Any]) -> None:
        self.right += len(found & truth)
        self.invented += len(found - truth)
        self.missed += len(truth - found)
        self.cases += 1
        self.unexplained += not found

    @property
    def f1(self) -> float:
        return f1(self.right, self.invented, self.missed)


def f1(right: int, invented: int, missed: int) -> float:
    return 2 * right / (2 * right + invented + missed) if right else 0.0


def labelled_score(cases: Iterable[Labelled]) -> Score:
    score = Score()
    for case in cases:
        leaves = case.leaves()
        begun = time.process_time()
        answer = explain(case.dimensions, leaves)
        score.seconds += time.process_time() - begun
        score.count({frozenset(part.filters.items()) for part in answer.parts}, set(case.truth))
    return score


def planted_score(cases: Iterable[Planted]) -> Score:
    """Two names of the same leaves are the same answer."""
    score = Score()
    for case in cases:
        begun = time.process_time()
        answer: Explanation = explain(DIMENSIONS, case.leaves, case.exposure)
        score.seconds += time.process_time() - begun
        found = {case.covered(part.filters) for part in answer.parts}
        score.count(found, {case.covered(filters) for filters in case.truth})
    return score


class Table:
    """The rows, and what "nothing recorded" comes to over all cases that were left aside."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.nothing = Score()

    def causes(self, name: str, score: Score, others: str = "", fresh: bool = True) -> None:
        """A row of cases that have causes."""
        self._add(name, score, f"{score.f1:.3f}", others)
        if fresh:
            self.nothing.invented += score.unexplained

    def none(self, name: str, score: Score, fresh: bool = True) -> None:
        """A row of cases that have none: how many were recognised."""
        self._add(name, score, f"{score.unexplained} of {score.cases} recognised", "")
        if fresh:
            self.nothing.right += score.unexplained
            self.nothing.missed += score.cases - score.unexplained

    def _add(self, name: str, score: Score, result: str, others: str) -> None:
        counts = f"{score.right} / {score.invented} / {score.missed}"
        self.report.add(name, str(score.cases), result, others, counts,
                        f"{score.seconds / max(1, score.cases):.2f} s")  # fmt: skip

    def total(self) -> None:
        n = self.nothing
        found = f"{f1(n.right, n.invented, n.missed):.3f}"
        counts = f"{n.right} / {n.invented} / {n.missed}"
        self.report.add("“nothing recorded”, all cases left aside", "", found, "0.90 wanted",
                        counts, "")  # fmt: skip


async def main(folder: Path | None, each: int) -> None:
    report = Report(
        "why-benchmark", "What explains the change: causes found", "cases", "number",
        "F1", "published algorithms", "found / invented / missed", "CPU time for a case",
        folder=DOCS,
    )  # fmt: skip
    table = Table(report)
    for name in ("s", "l"):
        await report.attempt(f"labelled, {name.upper()}", labelled(table, folder, name))
    for name, setting in (("S", S), ("L", L)):
        for seed in (TUNED, FRESH):
            await report.attempt(f"generated like {name}", generated(table, name, setting, seed,
                                                                     each))  # fmt: skip
    for seed in (TUNED, FRESH):
        await report.attempt("planted", planted(table, seed, each))
    table.total()
    report.close()


async def labelled(table: Table, folder: Path | None, name: str) -> None:
    cases = list(read_cases(_existing(folder, name)))
    table.causes(f"labelled, {name.upper()}", labelled_score(cases), PUBLISHED[name])
    shuffled = [case.shuffled(number) for number, case in enumerate(cases)]
    table.none(f"labelled, {name.upper()}, amounts shuffled", labelled_score(shuffled))


def _existing(folder: Path | None, name: str) -> Path:
    if folder is None:
        raise FileNotFoundError(
            f"no labelled cases: name their folder by --cases or {FOLDER}. It holds s/ and l/, "
            "each with truth.csv and a Parquet file for each case"
        )
    if not (folder / name / "truth.csv").exists():
        raise FileNotFoundError(f"{folder / name} has no truth.csv: name the folder of s/ and l/")
    return folder / name


async def generated(table: Table, name: str, setting: Setting, seed: int, each: int) -> None:
    cases = list(generated_cases(setting, seed, each))
    fresh, of = seed != TUNED, _of(seed)
    table.causes(f"generated like {name}{of}", labelled_score(cases), fresh=fresh)
    shuffled = [case.shuffled(number) for number, case in enumerate(cases)]
    table.none(f"generated like {name}, amounts shuffled{of}", labelled_score(shuffled), fresh)


async def planted(table: Table, seed: int, each: int) -> None:
    for kind in KINDS:
        cases = list(planted_cases(seed, each, (kind,)))
        add: Callable[..., None] = table.causes if cases[0].truth else table.none
        add(f"planted: {kind}{_of(seed)}", planted_score(cases), fresh=seed != TUNED)


def _of(seed: int) -> str:
    return " (tuned on)" if seed == TUNED else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=os.environ.get(FOLDER),
                        help=f"folder of labelled cases (default: {FOLDER})")  # fmt: skip
    parser.add_argument("--each", type=int, default=20, help="generated cases of each kind")
    options = parser.parse_args()
    asyncio.run(main(options.cases and Path(options.cases), options.each))
