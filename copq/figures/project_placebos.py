"""Scopes of the plant that no project touches, and the project's own, compared as they were booked.

It loads scipy, which is slow: import it where projects are tested.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.project_scopes import Scopes
from copq.figures.project_watch import Watched
from copq.improvement.evidence.charts import Chart, Counts, u_chart
from copq.improvement.evidence.days import LEAST_DAYS, Days, Floats, NotEnoughDays
from copq.improvement.evidence.placebo import Placebos, Scope, placebos
from copq.improvement.projects.plan import SCOPE_FIELDS
from copq.improvement.projects.scope import allows, names_of
from copq.improvement.savings.over_time import Unknown

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)
MOST_SCOPES = 40
"""Those with the largest losses in the baseline."""

OWN = 0
"""The number of the project's own scope."""

_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NamedScope:
    """A scope without a project, and by which share its losses fell."""

    name: str
    scope: Scope

    @property
    def share(self) -> float:
        return 1 - self.scope.since.level / self.scope.baseline.level


@dataclass(frozen=True, slots=True)
class Compared:
    """The project's own losses next to those of other scopes, and the chart of its entries."""

    found: Placebos
    own: NamedScope
    others: Sequence[NamedScope]
    counts: Chart | Unknown


class PlantLosses:
    """The names of a plant's losses, and which projects hold them: read once for all projects."""

    def __init__(self, conn: Connection, found: Sequence[Watched]) -> None:
        self._conn, self.plant = conn, found[0].project.plant
        self._scopes = Scopes({one.id: one.project.plan.scope for one in found})
        self._leaves: dict[str, list[tuple[Record, frozenset[int]]]] = {}
        self._sums: dict[tuple[date, date], Mapping[int, float]] = {}
        self._units: dict[tuple[date, ...], Sequence[Record]] = {}

    async def leaves(self, currency: str) -> list[tuple[Record, frozenset[int]]]:
        """The combinations of names in a currency, each with the projects that hold it."""
        if currency not in self._leaves:
            rows = await self._conn.fetch(
                *_SQL.leaves_of_losses(plant=self.plant, currency=currency)
            )
            self._leaves[currency] = [(row, self._scopes.find(row).holding) for row in rows]
        return self._leaves[currency]

    async def sums(self, first: date, last: date) -> Mapping[int, float]:
        """What each combination lost in the months that begin in these days."""
        if (first, last) not in self._sums:
            asked = _SQL.leaf_sums(plant=self.plant, first=first, last=last)
            rows = await self._conn.fetch(*asked)
            self._sums[first, last] = {row["leaf"]: row["net"] for row in rows}
        return self._sums[first, last]

    async def units(self, window: Mapping[str, date]) -> Sequence[Record]:
        """What the plant made on the days of a baseline and of a project."""
        key = tuple(window.values())
        if key not in self._units:
            self._units.clear()
            asked = _SQL.units_of_places(plant=self.plant, **window)
            self._units[key] = await self._conn.fetch(*asked)
        return self._units[key]


async def compare_scopes(
    conn: Connection, losses: PlantLosses, one: Watched, last: date
) -> Compared | Unknown:
    """Compare a project's days since its start, up to `last`, with those of other scopes.

    Other scopes have other names in the fields that the project's scope filters by, and nothing
    that the scope of an approved project holds.
    """
    plan = one.project.plan
    fields = [name for name in SCOPE_FIELDS if names_of(plan.scope, name) is not None]
    if not fields:
        return Unknown("the scope is the whole plant: nothing is left to compare it with")
    leaves = await losses.leaves(plan.currency)
    own = [row["leaf"] for row, holding in leaves if one.id in holding]
    free = [row for row, holding in leaves if not holding]
    names = await _largest(losses, one, free, fields)
    reading = _Reading(one, last)
    scopes = {OWN: own, **{n: of for n, (_, of) in enumerate(names, 1)}}
    await reading.read(conn, losses, scopes)
    return reading.compared([name for name, _ in names])


async def _largest(
    losses: PlantLosses, one: Watched, free: Sequence[Record], fields: Sequence[str]
) -> list[tuple[str, list[int]]]:
    """The scopes with the largest losses in the baseline: names and leaves."""
    plan = one.project.plan
    lost = await losses.sums(plan.baseline_first.replace(day=1), plan.baseline_last)
    sums: dict[str, float] = defaultdict(float)
    leaves: dict[str, list[int]] = defaultdict(list)
    for row in free:
        name = ", ".join(f"{of.replace('_', ' ')} {row[of] or 'none'}" for of in fields)
        sums[name] += lost.get(row["leaf"], 0.0)
        leaves[name].append(row["leaf"])
    order = sorted((name for name in sums if sums[name] > 0), key=lambda name: (-sums[name], name))
    return [(name, leaves[name]) for name in order[:MOST_SCOPES]]


@dataclass(slots=True)
class _Reading:
    """Losses of scopes and units of places by production day, both windows in one array."""

    one: Watched
    last: date
    lost: dict[tuple[int, _Place], Floats] = field(default_factory=dict)
    entries: Floats = field(init=False)
    made: dict[_Place, Floats] = field(default_factory=dict)
    days: list[date] = field(init=False)
    before: int = field(init=False)
    _at: dict[date, int] = field(init=False)

    def __post_init__(self) -> None:
        plan = self.one.project.plan
        first = _every_day(plan.baseline_first, plan.baseline_last)
        self.before = len(first)
        self.days = [*first, *_every_day(plan.starts, self.last)]
        self._at = {day: number for number, day in enumerate(self.days)}
        self.entries = np.zeros(len(self.days))

    async def read(
        self, conn: Connection, losses: PlantLosses, leaves: Mapping[int, Sequence[int]]
    ) -> None:
        plan = self.one.project.plan
        window = {"baseline_first": plan.baseline_first, "baseline_last": plan.baseline_last,
                  "starts": plan.starts, "last": self.last}  # fmt: skip
        numbered = [(leaf, number) for number, of in leaves.items() for leaf in of]
        for row in await conn.fetch(*_SQL.losses_of_scopes(
            leaves=[leaf for leaf, _ in numbered], numbers=[n for _, n in numbered], **window
        )):  # fmt: skip
            at = self._at[row["day"]]
            self._of(self.lost, (row["number"], (row["line"], row["product"])))[at] += row["net"]
            if row["number"] == OWN:
                self.entries[at] += row["entries"]
        for row in await losses.units(window):
            for line in {row["line"], ""}:
                for product in {row["product"], ""}:
                    self._of(self.made, (line, product))[self._at[row["day"]]] += row["units"]

    def _of(self, arrays: dict[Any, Floats], key: Any) -> Floats:
        if key not in arrays:
            arrays[key] = np.zeros(len(self.days))
        return arrays[key]

    def compared(self, names: Sequence[str]) -> Compared | Unknown:
        own = NamedScope("the project", self._scope(OWN))
        others = [NamedScope(name, self._scope(n)) for n, name in enumerate(names, 1)]
        usable = [one for one in others if _is_usable(one.scope)]
        if not _is_usable(own.scope):
            return Unknown(f"fewer than {LEAST_DAYS} production days of the project are booked")
        if not usable:
            return Unknown("no scope of the plant is without a project")
        found = placebos(own.scope, [one.scope for one in usable])
        falling = sorted(usable, key=lambda one: -one.scope.fall)
        return Compared(found, own, falling, self._counts())

    def _scope(self, number: int) -> Scope:
        """Losses of places that made nothing in the baseline are left out."""
        lost, expected = np.zeros(len(self.days)), np.zeros(len(self.days))
        for (of, place), own in self.lost.items():
            made = self.made.get(place)
            if of == number and made is not None and made[: self.before].sum() > 0:
                lost += own
                expected += own[: self.before].sum() / made[: self.before].sum() * made
        parts = [(slice(None, self.before)), slice(self.before, None)]
        return Scope(
            *(Days.recorded(lost[s].tolist(), expected[s].tolist(), self.days[s]) for s in parts)
        )

    def _counts(self) -> Chart | Unknown:
        """Laney's u' chart of the project's entries per unit."""
        scope, units = self.one.project.plan.scope, np.zeros(len(self.days))
        for (line, product), made in self.made.items():
            if line and product and allows(scope, "line", line) and allows(
                scope, "product", product
            ):  # fmt: skip
                units += made
        parts = [
            Counts(self.entries[s][units[s] > 0], units[s][units[s] > 0])
            for s in (slice(None, self.before), slice(self.before, None))
        ]
        try:
            if not parts[0].events.sum():
                return Unknown("no entry of the baseline has units to be compared with")
            return u_chart(*parts)
        except NotEnoughDays as few:
            return Unknown(str(few))


def _is_usable(scope: Scope) -> bool:
    """Whether there are enough days, and losses that can fall."""
    enough = min(len(scope.baseline), len(scope.since)) >= LEAST_DAYS
    return enough and scope.baseline.level > 0


def _every_day(first: date, last: date) -> list[date]:
    return [first + number * _DAY for number in range((last - first).days + 1)]
