"""What drives the cost: the worst combinations of element, stage, code and machine."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from schemas.priced import FAILURES
from services.currencies.converted import Question
from services.ledger.arithmetic import MONEY, ZERO, hours_of, quotient
from services.ledger.calendar import Calendar
from services.ledger.downtime import element
from services.ledger.figures import Scope
from services.posting.open_stops import Accrued, accrue
from services.rates.book import RateBook

_DRIVERS = Question(__file__, "drivers")


@dataclass(frozen=True, slots=True)
class Loss:
    """What one combination cost, or earned where `net` is below zero.

    `provisional` is the part of `net` that comes from stops still open; `net` lacks the entries
    that are `unconverted`.
    """

    currency: str
    element: str
    stage: str | None
    defect_code: str | None
    work_unit: str | None
    net: Decimal = ZERO
    seconds: Decimal = ZERO
    quantity: Decimal = ZERO
    entries: int = 0
    unconverted: int = 0
    provisional: Decimal = ZERO

    @property
    def kind(self) -> tuple[str | None, ...]:
        return self.currency, self.element, self.stage, self.defect_code, self.work_unit

    @property
    def rank(self) -> tuple[Any, ...]:
        """The worst first; of two that cost the same the first by name, without one last."""
        names = [(name is None, name or "") for name in self.kind]
        return (names[0], -self.net, *names[1:])


@dataclass(frozen=True, slots=True)
class Driver:
    """One combination. `share` is its part of all losses in its currency, `cumulative_share` that
    of it and all worse ones; a combination that earned money is not a loss and is left out. In the
    reporting currency `net` is None where entries are `unconverted`, and so is every share.
    `provisional` is the part of `net` that comes from stops still open.
    """

    rank: int
    element: str
    stage: str | None
    defect_code: str | None
    work_unit: str | None
    currency: str
    net: Decimal | None
    seconds: Decimal
    quantity: Decimal
    entries: int
    unconverted: int
    provisional: Decimal
    share: Decimal | None
    cumulative_share: Decimal | None

    @property
    def hours(self) -> Decimal:
        return hours_of(self.seconds)

    @property
    def loss(self) -> Decimal:
        """`net` where it must be known: nothing was converted."""
        assert self.net is not None
        return self.net


COLUMNS = tuple(
    column
    for name in Driver.__dataclass_fields__
    for column in (("hours", name) if name == "seconds" else (name,))
)


def driver_json(driver: Driver) -> dict[str, Any]:
    return {name: getattr(driver, name) for name in COLUMNS}


@dataclass(frozen=True, slots=True)
class Days:
    """Production days [start, end), of all plants or of one, whose calendar finds them quicker."""

    start: date
    end: date
    plant: str | None = None
    line: str | None = None
    calendar: Calendar | None = None
    currency: str | None = field(default=None, kw_only=True)
    """The reporting currency, to have all money in it."""


async def drivers(
    conn: Connection, book: RateBook, days: Days, now: datetime, top: int = 10
) -> list[Driver]:
    """The `top` worst of each currency, worst first: failure alone, what is booked and stands, and
    stops still open until `now`. With the reporting currency all are ranked together.
    """
    found: dict[str, list[Loss]] = defaultdict(list)
    for loss in sorted(await losses(conn, book, days, now), key=lambda loss: loss.rank):
        if loss.net > 0 or loss.unconverted:
            found[loss.currency].append(loss)
    return [driver for ranked in found.values() for driver in _ranked(ranked, top)]


async def losses(conn: Connection, book: RateBook, days: Days, now: datetime) -> list[Loss]:
    """Every combination, also those that earned money; of one snapshot."""
    failures = [str(category) for category in FAILURES]
    around = _instants(days.start, days.end, days.calendar)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        rows = await conn.fetch(
            _DRIVERS.of(days.currency), days.start, days.end, days.plant, days.line, failures,
            *around, days.currency is not None,
        )  # fmt: skip
        scope = Scope(days.plant, days.line, currency=days.currency)
        accrued = await accrue(conn, book, scope, now, around[0])
    booked = [Loss(**row) for row in rows]
    return _added(booked, (_open(part) for part in accrued if _within(days, part)))


def _within(days: Days, part: Accrued) -> bool:
    return days.start <= part.bucket.day < days.end


def _open(part: Accrued) -> Loss:
    stop, cell = part.segment.stop, part.cell(None, part.cost, part.seconds)
    return Loss(
        cell.currency, element(stop), None, stop.defect_code, stop.work_unit, cell.net,
        cell.seconds, unconverted=cell.unconverted, provisional=cell.provisional,
    )  # fmt: skip


_SUMS = tuple(f.name for f in fields(Loss))[5:]


def _added(booked: list[Loss], more: Iterable[Loss]) -> list[Loss]:
    found = {loss.kind: loss for loss in booked}
    with localcontext(MONEY):
        for loss in more:
            known = found.get(loss.kind)
            found[loss.kind] = loss if known is None else _sum(known, loss)
    return list(found.values())


def _sum(one: Loss, two: Loss) -> Loss:
    return replace(one, **{name: getattr(one, name) + getattr(two, name) for name in _SUMS})


def _ranked(ranked: list[Loss], top: int) -> list[Driver]:
    """Of one currency, the worst first."""
    with localcontext(MONEY):
        total = sum((loss.net for loss in ranked), ZERO)
        lacking = any(loss.unconverted for loss in ranked)
        cumulative, found = ZERO, []
        for rank, loss in enumerate(ranked[:top], 1):
            cumulative += loss.net
            shares = (None, None) if lacking else (loss.net, cumulative)
            found.append(_driver(rank, loss, [s and quotient(s, total) for s in shares]))
    return found


def _driver(rank: int, loss: Loss, shares: list[Decimal | None]) -> Driver:
    own = {f.name: getattr(loss, f.name) for f in fields(loss)}
    own["net"] = None if loss.unconverted else loss.net
    return Driver(rank=rank, **own, share=shares[0], cumulative_share=shares[1])


def _instants(start: date, end: date, calendar: Calendar | None) -> tuple[datetime, datetime]:
    """What the days lie within: a day is within two days of its date, wherever the plant is."""
    if calendar is not None:
        return calendar.start_of(start), calendar.start_of(end)
    midnights = [datetime.combine(day, time(), UTC) for day in (start, end)]
    return midnights[0] - timedelta(days=2), midnights[1] + timedelta(days=2)
