"""A project's month, from the cells of its days: its bridge, and what it shares with others."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from copq.improvement.savings.bridge import NOTHING, Bridge, Cell, Side, bridge
from copq.improvement.savings.cents import amount
from copq.improvement.savings.overlap import SharedCell, divide

Place = tuple[str, str]
"""A line and a product; an empty name stands for losses that have none."""

CellName = tuple[str, str, tuple[int, ...]]
"""A line, a product, and the other projects whose scopes hold the losses."""

Cells = Mapping[CellName, Side]
Members = frozenset[int]
"""The projects that share a loss: one alone, or several."""

Savings = Mapping[Members, Mapping[Place | str, Fraction]]
"""By the projects that share it and by place; what was not routine has no place, but evidence."""

SharesOf = Mapping[Members, Mapping[int, Fraction]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of a project for one month.

    `days` are those of the month on which the project runs. Exposure is in the cells without other
    projects. `accepted` are the amounts that are not routine, by their evidence. `substitutes` name
    the place whose loss per unit stands for that of another.
    """

    project: int
    approved_at: datetime
    baseline_months: Fraction
    baseline: Cells
    days: Mapping[date, Cells]
    accepted: Mapping[str, Decimal] = field(default_factory=dict)
    substitutes: Mapping[Place, Place] = field(default_factory=dict)

    @property
    def non_routine(self) -> Fraction:
        return sum(map(Fraction, self.accepted.values()), NOTHING)

    def standard(self, place: Place) -> Place | None:
        """The place of the baseline that this one is compared with: itself or its substitute; None
        where nothing was made there."""
        own = (place, self.substitutes.get(place))
        return next((one for one in own if one is not None and self._made(one) > 0), None)

    def losses_per_unit(self) -> dict[Place, dict[tuple[int, ...], Fraction]]:
        """The loss of a unit in the baseline, by place and the other projects whose scopes hold
        it."""
        found: dict[Place, dict[tuple[int, ...], Fraction]] = defaultdict(dict)
        for (line, product, others), side in self.baseline.items():
            if (made := self._made((line, product))) > 0:
                found[line, product][others] = Fraction(side.at_frozen_rates) / made
        return found

    def _made(self, place: Place) -> Fraction:
        return Fraction(self.baseline.get((*place, ()), Side()).exposure)

    def sums(self, place: Place) -> tuple[Side, Side]:
        """The baseline and the month of a place."""
        before, now = _by_place([self.baseline]), _by_place(self.days.values())
        return before.get(place, Side()), now.get(place, Side())

    def places(self) -> list[Place]:
        """All places of the baseline and the month, in order."""
        named = {name[:2] for cells in (self.baseline, *self.days.values()) for name in cells}
        return sorted(named)


PerUnit = Mapping[Place, Mapping[tuple[int, ...], Fraction]]


def bridge_of(own: Measured) -> Bridge:
    """Raises `NoBaseline` if nothing was made in the baseline."""
    before, per_unit = _by_place([own.baseline]), own.losses_per_unit()
    now = _by_place(own.days.values())
    cells = [
        Cell(
            name=place, baseline=before.get(place, Side()), month=now.get(place, Side()),
            pool=_pool(place), substitute=_substitute(own, place, per_unit),
        )
        for place in own.places()
    ]  # fmt: skip
    kept = [cell for cell in cells if _counts(cell)]
    if not any(cell.has_baseline for cell in kept):
        kept = cells
    return bridge(kept, own.baseline_months, own.non_routine)


def _by_place(of: Iterable[Cells]) -> dict[Place, Side]:
    found: dict[Place, Side] = {}
    for cells in of:
        for name, side in cells.items():
            found[name[:2]] = _plus(found.get(name[:2], Side()), side)
    return found


def _plus(one: Side, other: Side) -> Side:
    return Side(
        booked=one.booked + other.booked,
        at_frozen_rates=one.at_frozen_rates + other.at_frozen_rates,
        exposure=one.exposure + other.exposure,
    )


def _pool(place: Place) -> object:
    """Products of lines share a mean. What names no product is compared with the whole line, and
    what names no line with the whole plant: these units are those of the products once more."""
    return None if all(place) else (place[0], "" if not place[1] else "products")


def _substitute(own: Measured, place: Place, per_unit: PerUnit) -> Fraction | None:
    standard = own.standard(place)
    return None if standard in (None, place) else sum(per_unit[standard].values(), NOTHING)


def _counts(cell: Cell) -> bool:
    """Units of a line or plant once more say nothing where nothing was lost."""
    sides = cell.baseline, cell.month
    return cell.pool is None or any(side.booked or side.at_frozen_rates for side in sides)


Running = Mapping[date, Collection[int]]
"""The projects that run on a day."""


def savings_of(own: Measured, running: Running) -> Savings:
    """The saving of a month, exactly, by the projects that share it. It adds up to the bridge's."""
    found: dict[Members, dict[Place | str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    per_unit = own.losses_per_unit()
    for day, cells in own.days.items():
        for others, place, saved in _saved(own, cells, per_unit):
            found[_members(own, others, day, running)][place] += saved
    for members, parts in not_routine(own, running).items():
        found[members].update(parts)
    return found


def not_routine(own: Measured, running: Running) -> Mapping[Members, Mapping[str, Fraction]]:
    """The accepted amounts of a month by evidence, by the projects that share them: each explains
    losses of the month, so it is shared as these are. The project's own where nothing was lost."""
    lost: dict[Members, Fraction] = defaultdict(Fraction)
    for day, cells in own.days.items():
        for (line, product, others), side in cells.items():
            if own.standard((line, product)) is not None:
                lost[_members(own, others, day, running)] += Fraction(side.at_frozen_rates)
    positive = {members: amount for members, amount in lost.items() if amount > 0}
    positive = positive or {frozenset({own.project}): Fraction(1)}
    whole = sum(positive.values(), NOTHING)
    return {
        members: {of: Fraction(all_of) * part / whole for of, all_of in own.accepted.items()}
        for members, part in positive.items()
        if own.accepted
    }


def _members(own: Measured, others: Iterable[int], day: date, running: Running) -> Members:
    """The projects that share a loss of a day: those that run on it."""
    return frozenset({own.project, *(set(others) & set(running.get(day, ())))})


def _saved(
    own: Measured, cells: Cells, per_unit: PerUnit
) -> Iterator[tuple[tuple[int, ...], Place, Fraction]]:
    """What a day should have lost, and, negative, what it lost."""
    for (line, product, others), side in cells.items():
        place = line, product
        standard = own.standard(place)
        if standard is None:
            continue
        if side.exposure:
            for shared, loss in per_unit[standard].items():
                yield shared, place, Fraction(side.exposure) * loss
        yield others, place, -Fraction(side.at_frozen_rates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A project's saving of a month in whole cents: of all its losses, and without what belongs to
    others."""

    gross: Decimal
    net: Decimal

    @property
    def overlap(self) -> Decimal:
        return self.gross - self.net


def results(
    measured: Sequence[Measured], running: Running, shares: SharesOf, currency: str
) -> dict[int, Result]:
    """The saving of each project.

    A shared place is measured from the baseline of the project that was approved first of those
    that have one for it, and divided by the shares of exactly these projects, or equally. So is
    what was not routine in it; amounts of several projects with the same evidence are one event,
    whose amount is that of the project that was approved first. What each set of projects saved is
    rounded once, so that the parts add up to it.
    """
    order = sorted(measured, key=lambda own: (own.approved_at, own.project))
    savings = [(own, savings_of(own, running)) for own in order]
    gross = {own.project: Decimal(0) for own in order}
    net = dict(gross)
    for members in {members for _, of in savings for members in of}:
        own = [(one, of.get(members, {})) for one, of in savings if one.project in members]
        for one, saved in own:
            gross[one.project] += amount(sum(saved.values(), NOTHING), currency)
        cells = _shared_cells(members, own, shares.get(members))
        for project, claim in divide(cells, currency).items():
            net[project] = net.get(project, Decimal(0)) + claim.net
    return {project: Result(gross=gross[project], net=net[project]) for project in gross}


Saved = Mapping[Place | str, Fraction]


def _shared_cells(
    members: Members, own: Sequence[tuple[Measured, Saved]], shares: Mapping[int, Fraction] | None
) -> list[SharedCell]:
    """What these projects share, each with its saving by the first that measures it."""
    places = {place for _, saved in own for place in saved}
    return [
        SharedCell(
            name=place, saving=_first_saving(place, own), projects=sorted(members), shares=shares
        )
        for place in sorted(places, key=_evidence_first)
    ]


def _evidence_first(place: Place | str) -> tuple[str, ...]:
    return ("", place) if isinstance(place, str) else (" ", *place)


def _first_saving(place: Place | str, own: Sequence[tuple[Measured, Saved]]) -> Fraction:
    for one, saved in own:
        if place in saved if isinstance(place, str) else one.standard(place) is not None:
            return saved.get(place, NOTHING)
    return NOTHING
