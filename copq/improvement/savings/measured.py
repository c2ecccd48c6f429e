"""A project's month, from the cells of its days: its bridge, and what it shares with others."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache

from copq.improvement.savings.bridge import NOTHING, Bridge, Cell, Side, bridge
from copq.improvement.savings.cents import amount
from copq.improvement.savings.overlap import SharedCell, divide
from copq.ledger.arithmetic import MONEY, ZERO

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
        return next((one for one in own if one is not None and self._exposure(one) > 0), None)

    def losses_per_unit(self) -> dict[Place, dict[tuple[int, ...], Fraction]]:
        """The loss of a unit in the baseline, by place and the other projects whose scopes hold
        it."""
        found: dict[Place, dict[tuple[int, ...], Fraction]] = defaultdict(dict)
        for (line, product, others), side in self.baseline.items():
            if (made := self._exposure((line, product))) > 0:
                found[line, product][others] = Fraction(side.at_frozen_rates) / Fraction(made)
        return found

    def _exposure(self, place: Place) -> Decimal:
        own = self.baseline.get((*place, ()))
        return own.exposure if own else ZERO

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
    sums = _sums_of(own, running, per_unit)
    for (members, place, standard, others), exposure in sums.exposure.items():
        found[members][place] += Fraction(exposure) * per_unit[standard][others]
    for (members, place), lost in sums.lost.items():
        found[members][place] -= Fraction(lost)
    for members, parts in _not_routine(own, sums).items():
        found[members].update(parts)
    return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """The sums of all days of a month, by the projects that share them and by place: what was lost,
    and the exposure, each with the place of the baseline and its losses that it stands for.

    Money is added as it is: to add fractions of each day takes many times as long.
    """

    exposure: dict[tuple[Members, Place, Place, tuple[int, ...]], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )
    lost: dict[tuple[Members, Place], Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def _sums_of(own: Measured, running: Running, per_unit: PerUnit) -> _Sums:
    """Of the places that have a standard; what is lost elsewhere saves nothing."""
    found = _Sums()
    standard = cache(own.standard)
    with localcontext(MONEY):
        for day, cells in own.days.items():
            members = _members_on(own, running.get(day, ()))
            for (line, product, others), side in cells.items():
                place = line, product
                if (before := standard(place)) is None:
                    continue
                for shared in per_unit[before] if side.exposure else ():
                    found.exposure[members(shared), place, before, shared] += side.exposure
                found.lost[members(others), place] += side.at_frozen_rates
    return found


def _members_on(
    own: Measured, running: Collection[int]
) -> Callable[[tuple[int, ...]], frozenset[int]]:
    """The projects that share a loss of a day: those that run on it."""
    on_day = frozenset(running)
    return cache(lambda others: frozenset({own.project, *on_day.intersection(others)}))


def not_routine(own: Measured, running: Running) -> Mapping[Members, Mapping[str, Fraction]]:
    """The accepted amounts of a month by evidence, by the projects that share them: each explains
    losses of the month, so it is shared as these are. The project's own where nothing was lost."""
    return _not_routine(own, _sums_of(own, running, own.losses_per_unit()))


def _not_routine(own: Measured, sums: _Sums) -> Mapping[Members, Mapping[str, Fraction]]:
    if not own.accepted:
        return {}
    lost: dict[Members, Decimal] = defaultdict(Decimal)
    with localcontext(MONEY):
        for (members, _), one in sums.lost.items():
            lost[members] += one
        positive = {members: amount for members, amount in lost.items() if amount > 0}
        positive = positive or {frozenset({own.project}): Decimal(1)}
        whole = Fraction(sum(positive.values(), ZERO))
    return {
        members: {
            of: Fraction(all_of) * Fraction(part) / whole for of, all_of in own.accepted.items()
        }
        for members, part in positive.items()
    }


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
    """The saving of each project (`divided`)."""
    order = sorted(measured, key=lambda own: (own.approved_at, own.project))
    return divided([(own, savings_of(own, running)) for own in order], shares, currency)


def divided(
    savings: Sequence[tuple[Measured, Savings]], shares: SharesOf, currency: str
) -> dict[int, Result]:
    """What each project has of the savings; they are in the order in which projects were approved.

    A shared place is measured from the baseline of the project that was approved first of those
    that have one for it, and divided by the shares of exactly these projects, or equally. So is
    what was not routine in it; amounts of several projects with the same evidence are one event,
    whose amount is that of the project that was approved first. What each set of projects saved is
    rounded once, so that the parts add up to it.
    """
    gross = {own.project: Decimal(0) for own, _ in savings}
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
