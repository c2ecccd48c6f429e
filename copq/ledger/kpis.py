"""Key figures of manufacturing by ISO 22400-2: pure functions of sums.

Sums are added before they are divided, over lines and over time. Ratios are never averaged.
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal

from copq.ledger.arithmetic import SIXTY, quotient

ZERO = Decimal(0)


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """Part over whole; None if the whole is zero."""
    return quotient(part, whole) if whole > 0 else None


def good_units(
    produced: Decimal, good: Decimal, ungraded: Decimal, scrapped: Decimal
) -> Decimal | None:
    """GQ: as reported, or all units that were not rejected if no event reports good units.

    None if only some events report good units: it is unknown to which units the rejects belong.
    """
    if not ungraded:
        return good
    return max(produced - scrapped, ZERO) if ungraded == produced else None


@dataclass(slots=True)
class Units:
    """Units of a window: PQ `produced`, GQ `good`, SQ `scrapped` (including defects), RQ
    `reworked`.

    `ungraded` are the produced units without reported good units.
    """

    produced: Decimal = ZERO
    good: Decimal = ZERO
    ungraded: Decimal = ZERO
    scrapped: Decimal = ZERO
    reworked: Decimal = ZERO

    def add(self, other: "Units") -> None:
        for name in (f.name for f in fields(self)):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def graded(self) -> "Units":
        """The units with good units by `good_units`; `ungraded` remains if these are unknown.

        Call it for one line and product, before units of several are added.
        """
        good = good_units(self.produced, self.good, self.ungraded, self.scrapped)
        return self if good is None else replace(self, good=good, ungraded=ZERO)

    @property
    def scrap_ratio(self) -> Decimal | None:
        """SQ / PQ. Above 1 if more was scrapped than left the line."""
        return ratio(self.scrapped, self.produced)

    @property
    def rework_ratio(self) -> Decimal | None:
        """RQ / PQ."""
        return ratio(self.reworked, self.produced)

    @property
    def first_pass_yield(self) -> Decimal | None:
        """GP / IP: units that were good without rework, over processed units.

        None if good units are unknown, as for `quality`.
        """
        good = max(self.good - self.reworked, ZERO)
        return None if self.ungraded else ratio(good, self.produced)

    @property
    def quality(self) -> Decimal | None:
        """GQ / PQ."""
        return None if self.ungraded else ratio(self.good, self.produced)


@dataclass(slots=True)
class Busy:
    """Seconds of a line with a known ideal rate.

    `planned` is PBT, the planned busy time; `stopped` the unplanned stops within it. `ideal` is PRI
    x PQ, the shortest time for the produced units; `ideal_good` the same for good units; `ungraded`
    whether good units are unknown.
    """

    planned: Decimal = ZERO
    stopped: Decimal = ZERO
    ideal: Decimal = ZERO
    ideal_good: Decimal = ZERO
    ungraded: bool = False

    def add(self, other: "Busy") -> None:
        self.planned += other.planned
        self.stopped += other.stopped
        self.ideal += other.ideal
        self.ideal_good += other.ideal_good
        self.ungraded |= other.ungraded

    @property
    def running(self) -> Decimal:
        """APT, the actual production time."""
        return max(self.planned - self.stopped, ZERO)

    @property
    def availability(self) -> Decimal | None:
        """APT / PBT."""
        return ratio(self.running, self.planned)

    @property
    def effectiveness(self) -> Decimal | None:
        """PRI x PQ / APT. Above 1 if the ideal rate is set too low."""
        return ratio(self.ideal, self.running)

    @property
    def quality(self) -> Decimal | None:
        """GQ / PQ, each unit weighted by its ideal time."""
        return None if self.ungraded else ratio(self.ideal_good, self.ideal)

    @property
    def oee(self) -> Decimal | None:
        """The product of the three: the ideal time of good units over the planned time."""
        return None if self.ungraded else ratio(self.ideal_good, self.planned)


def busy(planned: Decimal, stopped: Decimal, units: Units, ideal_rate: Decimal) -> Busy:
    """The seconds of one line, from its graded units and its ideal units per minute."""
    ideal = quotient(units.produced * SIXTY, ideal_rate)
    ideal_good = quotient(units.good * SIXTY, ideal_rate)
    return Busy(planned, stopped, ideal, ideal_good, units.ungraded > 0)


@dataclass(slots=True)
class Repairs:
    """The unplanned stops that ended in a window, and their total duration."""

    stops: int = 0
    seconds: float = 0.0

    def add(self, stops: int, seconds: float) -> None:
        self.stops += stops
        self.seconds += seconds

    @property
    def mean_time_to_repair(self) -> float | None:
        """MTTR in seconds, from the stop's start to its end."""
        return self.seconds / self.stops if self.stops else None
