"""The savings bridge: from the baseline's monthly loss to a month's loss, by its causes.

The method is that of energy measurement and verification (IPMVP, ASHRAE Guideline 14): the month
is compared with the baseline adjusted to the month's conditions. All sums are exact rationals;
only the display rounds (`Bridge.rounded`).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from copq.improvement.savings.cents import allot, amount

NOTHING = Fraction()


class Effect(StrEnum):
    """A part of the change, in the order of the bridge."""

    VOLUME = "volume"
    """More or fewer units than in a month of the baseline, at its mean loss per unit."""

    MIX = "mix"
    """Other products than in the baseline, each at its loss per unit there, or at its
    substitute's."""

    RATES = "rates"
    """The same events at other prices than those of the frozen rate book."""

    NON_ROUTINE = "non_routine"
    """What finance approved as no work of the project: a strike, a flood."""

    WITHOUT_BASELINE = "without_baseline"
    """Losses of products that the baseline did not make; nobody can claim them."""

    PERFORMANCE = "performance"
    """The rest: what the plant does better or worse. A saving is its opposite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Losses and exposure of one cell, over the whole baseline or over a month.

    `booked` is the money of the ledger, `at_frozen_rates` the same events priced with the frozen
    rate book, `exposure` what the losses are compared with: units that left the line, or hours.
    """

    booked: Decimal = Decimal(0)
    at_frozen_rates: Decimal = Decimal(0)
    exposure: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The smallest part of a scope that has a baseline of its own: a product on a line.

    Cells of one `pool` share a mean, so that a shift between them is mix. Losses without a
    product are a pool of their own for each line; their exposure is that of the whole line.
    """

    name: Hashable
    baseline: Side = Side()
    month: Side = Side()
    pool: Hashable = None
    substitute: Fraction | None = None
    """The loss per unit that finance accepted for a cell that the baseline did not make."""

    @property
    def has_baseline(self) -> bool:
        return self.baseline.exposure > 0

    @property
    def is_comparable(self) -> bool:
        """Whether what it should have lost is known."""
        return self.has_baseline or self.substitute is not None


Effects = Mapping[Effect, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """From `baseline`, the mean loss of a month of the baseline, to `actual`, that of the month.

    The effects add up to `actual - baseline` exactly. `cells` has them for each cell; what is not
    routine belongs to no cell.
    """

    baseline: Fraction
    actual: Fraction
    effects: Effects
    cells: Mapping[Hashable, Effects] = field(default_factory=dict)
    without_baseline: tuple[Hashable, ...] = ()
    """Cells whose losses have no baseline; they cannot be claimed."""

    @property
    def total(self) -> Fraction:
        return self.actual - self.baseline

    @property
    def residual(self) -> Fraction:
        """What the effects leave unexplained: zero, always."""
        return self.total - sum(self.effects.values(), NOTHING)

    @property
    def saving(self) -> Fraction:
        """What may be claimed; negative where the plant does worse."""
        return -self.effects[Effect.PERFORMANCE]

    def rounded(self, currency: str, saving: Decimal | None = None) -> "Rounded":
        """The bridge in the digits of the currency, with a saving that was rounded elsewhere."""
        baseline, actual = amount(self.baseline, currency), amount(self.actual, currency)
        performance = -(amount(self.saving, currency) if saving is None else saving)
        rest: dict[Effect, Fraction] = dict(self.effects)
        del rest[Effect.PERFORMANCE]
        effects = allot(rest, currency, actual - baseline - performance)
        effects[Effect.PERFORMANCE] = performance
        return Rounded(baseline=baseline, actual=actual, effects=effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """A bridge for display: `baseline` and the effects add up to `actual`, to the last digit."""

    baseline: Decimal
    actual: Decimal
    effects: Mapping[Effect, Decimal]

    @property
    def saving(self) -> Decimal:
        return -self.effects[Effect.PERFORMANCE]

    @property
    def residual(self) -> Decimal:
        return self.actual - self.baseline - sum(self.effects.values(), Decimal(0))


class NoBaseline(ValueError):
    """The baseline cannot be compared with a month; the text says why."""


def bridge(
    cells: Sequence[Cell], baseline_months: Fraction, non_routine: Decimal | Fraction = NOTHING
) -> Bridge:
    """The bridge of a month.

    `baseline_months` is the length of the baseline in months, and `non_routine` the sum of the
    amounts that finance approved, positive where they raised the losses. Raises `NoBaseline` if
    the baseline has no length, or if no cell was made in it.
    """
    _must_compare(cells, baseline_months)
    parts = {cell.name: _rates_and_new(cell, baseline_months) for cell in cells}
    for pool in _pools(cells):
        for cell, effects in _volume_and_mix(pool, baseline_months):
            parts[cell.name] |= effects
    effects = {
        effect: _sum(part.get(effect, NOTHING) for part in parts.values()) for effect in Effect
    }
    effects[Effect.NON_ROUTINE] = Fraction(non_routine)
    effects[Effect.PERFORMANCE] -= Fraction(non_routine)
    return Bridge(
        baseline=_sum(Fraction(cell.baseline.booked) for cell in cells) / baseline_months,
        actual=_sum(Fraction(cell.month.booked) for cell in cells),
        effects=effects, cells=parts,
        without_baseline=tuple(cell.name for cell in cells if not cell.is_comparable),
    )  # fmt: skip


def _must_compare(cells: Sequence[Cell], baseline_months: Fraction) -> None:
    if baseline_months <= 0:
        raise NoBaseline(f"the baseline is {baseline_months} months long: it must be longer than 0")
    if not any(cell.has_baseline for cell in cells):
        raise NoBaseline("nothing was made in the baseline: choose a window with production")
    names = [cell.name for cell in cells]
    if len(set(names)) < len(names):
        raise ValueError("a cell is given twice")


def _rates_and_new(cell: Cell, months: Fraction) -> dict[Effect, Fraction]:
    """What prices did to a cell, and what it lost if the baseline did not make it."""
    now, before = _price_effect(cell.month), _price_effect(cell.baseline) / months
    found = {Effect.RATES: now - before}
    if not cell.has_baseline:
        mean = Fraction(cell.baseline.at_frozen_rates) / months
        lost = Fraction(cell.month.at_frozen_rates)
        if cell.substitute is not None:
            expected = Fraction(cell.month.exposure) * cell.substitute
            found |= {Effect.MIX: expected, Effect.PERFORMANCE: lost - expected}
            lost = NOTHING
        found[Effect.WITHOUT_BASELINE] = lost - mean
    return found


def _price_effect(side: Side) -> Fraction:
    return Fraction(side.booked) - Fraction(side.at_frozen_rates)


def _pools(cells: Sequence[Cell]) -> list[list[Cell]]:
    pools: dict[Hashable, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.has_baseline:
            pools[cell.pool].append(cell)
    return list(pools.values())


def _volume_and_mix(
    pool: Sequence[Cell], months: Fraction
) -> list[tuple[Cell, dict[Effect, Fraction]]]:
    """Volume, mix and performance of each cell of a pool.

    With U the exposure of the month, U0 that of a month of the baseline, and b the baseline's
    loss per unit: volume = (U - U0) x mean b, mix = sum of U_p b_p - U x mean b, performance =
    loss at frozen rates - sum of U_p b_p. Each is divided over the cells by their share in the
    baseline, so that the cells add up to the pool.
    """
    before = _sum(Fraction(cell.baseline.exposure) for cell in pool)
    now = _sum(Fraction(cell.month.exposure) for cell in pool)
    found = []
    for cell in pool:
        exposure, made = Fraction(cell.baseline.exposure), Fraction(cell.month.exposure)
        per_unit = Fraction(cell.baseline.at_frozen_rates) / exposure
        expected = made * per_unit
        at_same_mix = now * exposure / before * per_unit
        effects = {
            Effect.VOLUME: at_same_mix - Fraction(cell.baseline.at_frozen_rates) / months,
            Effect.MIX: expected - at_same_mix,
            Effect.PERFORMANCE: Fraction(cell.month.at_frozen_rates) - expected,
        }
        found.append((cell, effects))
    return found


def _sum(parts: Iterable[Fraction]) -> Fraction:
    return sum(parts, NOTHING)
