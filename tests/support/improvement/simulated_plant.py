"""Three years of a canning plant with four projects, and the saving that each of them truly made.

The log is drawn by chance from a seed: each stream of rejects has a true share of the units, and a
day's number of rejects varies around it. Measures change the share, so the true saving of a month
is known: the rejects that its units would have had at the share of before, less those that they
had to have, at the prices of before.

`python -m tests.support.improvement.simulated_plant` writes the log of `examples/canning_plant`.
"""

import csv
import gzip
import io
import json
import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal as D
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

LOG = Path(__file__).parents[3] / "examples/canning_plant/log.csv.gz"
PLANT = "cannery"
FIRST, LAST = date(2023, 1, 1), date(2025, 12, 31)
PRICES_RISE = date(2025, 1, 1)
STAGES = {"LEAK": "seam", "LABEL": "label", "DENT": "pack"}
"""The stage at which rejects of a code are found."""

SHARES = {"seam-checks": D("0.8"), "leak-gauge": D("0.2")}
"""How two projects divide the saving of the cells that both have."""


class Stream(NamedTuple):
    """Rejects of one code of a product on a line: their true share of the units before any
    measure, and what a unit has cost when they are found, at the prices of 2023."""

    line: str
    product: str
    code: str
    share: D
    unit_cost: D


STREAMS = (
    Stream("1", "tomato-400", "LEAK", D("0.012"), D("0.31")),
    Stream("1", "beans-400", "LEAK", D("0.009"), D("0.28")),
    Stream("1", "tomato-400", "LABEL", D("0.004"), D("0.34")),
    Stream("2", "soup-800", "LEAK", D("0.010"), D("0.52")),
    Stream("2", "soup-800", "LABEL", D("0.020"), D("0.55")),
    Stream("3", "fish-125", "DENT", D("0.015"), D("0.62")),
    Stream("3", "fish-200", "DENT", D("0.045"), D("0.88")),
)

Level = Callable[[date], D]
"""The part of a stream's share that is left by a measure on a day."""


def _from(first: date, level: str) -> Level:
    return lambda day: D(level) if day >= first else D(1)


def _decaying(day: date) -> D:
    """Half is saved from February 2024; from October on, a sixtieth of it is lost each week."""
    if day < date(2024, 2, 1):
        return D(1)
    weeks = max((day - date(2024, 10, 1)).days // 7, 0)
    return min(D("0.5") + weeks * D("0.5") / 60, D(1))


@dataclass(frozen=True)
class Project:
    """A project of the plant: the scope of its plan, and from when its measures are in place."""

    name: str
    line: str | None
    code: str | None
    starts: date
    level: Level

    def has(self, stream: Stream) -> bool:
        return self.line in (None, stream.line) and self.code in (None, stream.code)


SEAM_CHECKS = Project("seam-checks", "1", "LEAK", date(2024, 2, 1), _from(date(2024, 2, 1), "0.6"))
LABEL_ROLLS = Project("label-rolls", "2", "LABEL", date(2024, 2, 1), _decaying)
FISH_LINE = Project("fish-line", "3", None, date(2024, 3, 1), lambda day: D(1))
LEAK_GAUGE = Project(
    "leak-gauge", None, "LEAK", date(2024, 10, 1), _from(date(2024, 10, 1), "0.85")
)
PROJECTS = (SEAM_CHECKS, LABEL_ROLLS, FISH_LINE, LEAK_GAUGE)
"""The first holds, the second decays, the third only makes less and other products, the fourth
reaches for rejects of the first as well."""


def level(stream: Stream, day: date) -> D:
    """What all measures leave of a stream's share."""
    left = D(1)
    for project in PROJECTS:
        if project.has(stream):
            left *= project.level(day)
    return left


def bad_lids(stream: Stream, day: date) -> D:
    """By what a bad delivery of lids multiplied the leaks of line 1 in a week of August 2024."""
    hit = (stream.line, stream.code) == ("1", "LEAK")
    return D(3) if hit and date(2024, 8, 12) <= day <= date(2024, 8, 17) else D(1)


UNITS = {
    ("1", "tomato-400"): 36_000, ("1", "beans-400"): 24_000, ("2", "soup-800"): 20_000,
    ("3", "fish-125"): 32_000, ("3", "fish-200"): 16_000,
}  # fmt: skip
"""Units of a normal day in 2023."""


def planned_units(line: str, product: str, day: date) -> float:
    """Soup is made in winter; from March 2024 on line 3 makes less, and less of the large tins."""
    units = float(UNITS[line, product])
    if product == "soup-800":
        units *= 1 + 0.3 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365)
    if line == "3" and day >= date(2024, 3, 1):
        units *= 0.9 if product == "fish-125" else 0.5
    return units * (0.6 if day.weekday() == 5 else 1)


class Made(NamedTuple):
    """What a line made of a product on a day, and its rejects by code."""

    day: date
    line: str
    product: str
    units: int
    rejects: dict[str, int]


def workdays() -> Iterator[date]:
    """Monday to Saturday."""
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(number)
        if day.weekday() < 6:
            yield day


@dataclass
class Simulation:
    """The log of a seed. The number of a day's rejects varies by chance, and by what the day's
    rejects of a stream share: a tenth, of which a third stays until the next day."""

    seed: int = 14
    _moods: dict[Stream, float] = field(default_factory=dict)

    @cached_property
    def log(self) -> list[Made]:
        chance = random.Random(self.seed)
        return [
            self._make(chance, day, line, product) for day in workdays() for line, product in UNITS
        ]

    def _make(self, chance: random.Random, day: date, line: str, product: str) -> Made:
        units = round(planned_units(line, product, day) * math.exp(chance.gauss(0, 0.05)))
        own = [s for s in STREAMS if (s.line, s.product) == (line, product)]
        return Made(
            day, line, product, units, {s.code: self._rejects(chance, s, day, units) for s in own}
        )

    def _rejects(self, chance: random.Random, stream: Stream, day: date, units: int) -> int:
        mood = self._moods.get(stream, 0.0) / 3 + chance.gauss(0, math.sqrt(8 / 9))
        self._moods[stream] = mood
        expected = float(expected_rejects(stream, day, units)) * math.exp(0.1 * mood - 0.005)
        return max(round(chance.gauss(expected, math.sqrt(expected))), 0)

    def true_saving(self, project: Project, first: date, last: date) -> D:
        """What a project's scope lost less than it would have without any measure, from day to day:
        its gross saving."""
        return sum((_saving(s, made) for s, made in self._of(project, first, last)), D(0))

    def true_net(self, project: Project, first: date, last: date) -> D:
        """The same after overlap: a cell that two projects have is divided by `SHARES`."""
        found = D(0)
        for stream, made in self._of(project, first, last):
            others = [one for one in PROJECTS if one.has(stream) and made.day >= _month(one.starts)]
            share = SHARES[project.name] if len(others) > 1 else 1
            found += _saving(stream, made) * share
        return found

    def bad_lids_cost(self) -> D:
        """What the bad delivery of lids cost, as expected."""
        span = date(2024, 8, 1), date(2024, 8, 31)
        return sum(
            (
                made.units
                * s.share
                * level(s, made.day)
                * (bad_lids(s, made.day) - 1)
                * s.unit_cost
                for s, made in self._of(SEAM_CHECKS, *span)
            ),
            D(0),
        )

    def _of(self, project: Project, first: date, last: date) -> Iterator[tuple[Stream, Made]]:
        for made in self.log:
            if first <= made.day <= last:
                for stream in STREAMS:
                    if project.has(stream) and (stream.line, stream.product) == made[1:3]:
                        yield stream, made


def expected_rejects(stream: Stream, day: date, units: int) -> D:
    """The number of rejects that the day's units had to have."""
    return units * stream.share * level(stream, day) * bad_lids(stream, day)


def _saving(stream: Stream, made: Made) -> D:
    """Bad lids are no work of a project: they are left out."""
    return made.units * stream.share * (1 - level(stream, made.day)) * stream.unit_cost


def _month(day: date) -> date:
    return day.replace(day=1)


def events(log: Iterable[Made]) -> Iterator[bytes]:
    """The log as the service takes it; a day's events of a line are of noon."""
    for made in log:
        at = f"{made.day}T12:00:00+01:00"
        place = {"plant": PLANT, "line": made.line, "product": made.product, "occurred_at": at}
        name = f"{made.day}-{made.product}"
        yield _event(event_type="production", event_id=name, quantity=made.units, **place)
        for code, number in made.rejects.items():
            if number:
                yield _event(
                    event_type="defect", event_id=f"{name}-{code}", stage=STAGES[code],
                    defect_code=code, quantity=number, **place,
                )  # fmt: skip


def _event(**facts: object) -> bytes:
    return json.dumps(facts).encode()


COLUMNS = ("Day", "Line", "Product", "Units", *STAGES)


def write_log(log: Iterable[Made], to: Path) -> None:
    """The log as a file, the same bytes each time."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for made in log:
        counts = [made.rejects.get(code, "") for code in STAGES]
        rows.writerow([f"{made.day} 12:00", made.line, made.product, made.units, *counts])
    to.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    write_log(Simulation().log, LOG)
