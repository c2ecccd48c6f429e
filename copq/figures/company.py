"""All plants of a month next to each other and added: values only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext

from copq.ledger.arithmetic import MONEY, ZERO, quotient
from copq.periods.period import month_after
from copq.text.counts import count_of


@dataclass(slots=True)
class Money:
    """COPQ and its base in one currency."""

    currency: str
    copq: Decimal = ZERO
    base: Decimal = ZERO
    provisional: Decimal = ZERO
    """The part of `copq` from open stops."""

    @property
    def share(self) -> Decimal | None:
        """Sum over sum; None without production."""
        return quotient(self.copq, self.base) if self.base > 0 else None


@dataclass(slots=True)
class Sums:
    """Money of a plant in its own currencies, and in the reporting currency.

    If entries are `unconverted`, the reporting currency lacks them, so its sum is not known.
    """

    own: dict[str, Money] = field(default_factory=dict)
    reporting: Money | None = None
    unconverted: int = 0

    @property
    def known(self) -> Money | None:
        """In the reporting currency; None without figures, or if an exchange rate is missing."""
        return None if self.unconverted or not self.own else self.reporting

    @property
    def only(self) -> Money | None:
        """In the own currency, if it is one alone."""
        return next(iter(self.own.values())) if len(self.own) == 1 else None

    def add(self, own: Money, reporting: Money | None, unconverted: int) -> None:
        kept = self.own.setdefault(own.currency, Money(own.currency))
        with localcontext(MONEY):
            for into, part in ((kept, own), (self.reporting, reporting)):
                if into is not None and part is not None:
                    into.copq += part.copq
                    into.base += part.base
                    into.provisional += part.provisional
        self.unconverted += unconverted


@dataclass(frozen=True, slots=True)
class Signed:
    """What the last closing of a month has signed: COPQ by currency."""

    state: str
    closed_at: datetime
    copq: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class PlantOfCompany:
    """The month of one plant.

    `budget` is in the plant's own currency, and so is what it is compared with; a reader of some of
    its lines (`whole` is false) has none. `today` is the production day that runs at the plant.
    """

    plant: str
    now: Sums
    before: Sums
    target: Decimal | None
    budget: Decimal | None
    budget_currency: str
    stops: int
    signed: Signed | None
    whole: bool
    month: date
    today: date
    day: Sums
    """The production day `today`, so far."""

    @property
    def has_begun(self) -> bool:
        """Whether the plant has reached the month: another one may be a day ahead."""
        return self.month <= self.today

    @property
    def running(self) -> bool:
        """Whether the plant is within the month, so that it is compared with the same part."""
        return self.has_begun and self.today < month_after(self.month)

    @property
    def last_day(self) -> date | None:
        """Of a month that is over at the plant."""
        over = self.today >= month_after(self.month)
        return month_after(self.month) - timedelta(days=1) if over else None

    @property
    def share(self) -> Decimal | None:
        """COPQ over base, in the reporting currency, else in the plant's own."""
        money = self.now.known or self.now.only
        return money.share if money else None

    @property
    def is_over(self) -> bool:
        """Whether the share is over its target. Never without a base."""
        return self.target is not None and self.share is not None and self.share > self.target

    @property
    def budget_used(self) -> Decimal | None:
        """The used share of the budget, in the plant's own currency."""
        if not self.budget:
            return None
        spent = self.now.own.get(self.budget_currency, Money(self.budget_currency)).copq
        return quotient(spent, self.budget)

    @property
    def change(self) -> Decimal | None:
        """Of COPQ in the reporting currency, against the month before."""
        return _change(self.now.known, self.before.known)

    @property
    def left_out(self) -> list[Money]:
        """The money that no exchange rate converts, so that the total lacks it."""
        return [] if self.now.known else list(self.now.own.values())

    @property
    def since_signed(self) -> dict[str, Decimal]:
        """By how much COPQ has changed since it was signed, where it has."""
        if self.signed is None:
            return {}
        changed = {}
        for currency in sorted({*self.now.own, *self.signed.copq}):
            now = self.now.own.get(currency, Money(currency)).copq
            changed[currency] = MONEY.subtract(now, self.signed.copq.get(currency, ZERO))
        return {currency: amount for currency, amount in changed.items() if amount}


@dataclass(frozen=True, slots=True)
class CompanyTotal:
    """The sum of the plants that have begun the month and lack no exchange rate in it.

    `before` is the sum of the same plants, so both months have the same scope. A plant without
    entries in one of them adds 0 to it: `new` had none before, `ended` has none now. `before` is
    None if one of these plants lacks an exchange rate there, or if none has entries there.
    `stops` are of these plants alone.
    """

    now: Money
    before: Money | None
    plants: int
    stops: int
    target: Decimal | None
    new: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def change(self) -> Decimal | None:
        return _change(self.now, self.before)

    @property
    def is_over(self) -> bool:
        share = self.now.share
        return self.target is not None and share is not None and share > self.target


def total_of(
    plants: Sequence[PlantOfCompany], currency: str, target: Decimal | None
) -> CompanyTotal | None:
    """The total; None if no plant has figures in the reporting currency."""
    shown = [
        plant
        for plant in plants
        if plant.has_begun and not plant.now.unconverted and (plant.now.own or plant.before.own)
    ]
    if not any(plant.now.own for plant in shown):
        return None
    before = None
    if any(plant.before.own for plant in shown) and not any(p.before.unconverted for p in shown):
        before = _sum(currency, (plant.before.known for plant in shown))
    return CompanyTotal(
        _sum(currency, (plant.now.known for plant in shown)), before, len(shown),
        sum(plant.stops for plant in shown), target,
        tuple(sorted(plant.plant for plant in shown if not plant.before.own)),
        tuple(sorted(plant.plant for plant in shown if not plant.now.own)),
    )  # fmt: skip


def _sum(currency: str, parts: Iterable[Money | None]) -> Money:
    total = Money(currency)
    with localcontext(MONEY):
        for part in filter(None, parts):
            total.copq += part.copq
            total.base += part.base
            total.provisional += part.provisional
    return total


def _change(now: Money | None, before: Money | None) -> Decimal | None:
    return MONEY.subtract(now.copq, before.copq) if now and before else None


def missing_words(plant: PlantOfCompany) -> str:
    """Why a plant is not in the total: 2 entries without an exchange rate."""
    return f"{count_of(plant.now.unconverted, 'entry', 'entries')} without an exchange rate"
