"""The drivers of the cost: the largest combinations of element, stage, code and machine.

Postgres ranks them, so that memory stays bounded for any number of codes and machines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.database.queries import Query
from copq.ledger.arithmetic import hours_of, quotient
from copq.ledger.calendar import Calendar
from copq.ledger.downtime import element
from copq.ledger.figures import Scope
from copq.posting.open_stops import Accrued, accrue
from copq.rates.book import RateBook
from copq.schemas.priced import FAILURES

_MONEY = ByCurrency(__file__)


@dataclass(frozen=True, slots=True)
class Driver:
    """One combination. `share` is its part of all losses in its currency, `cumulative_share` the
    part of it and all larger ones.

    A combination that earned money is not a loss and is left out. In the reporting currency, `net`
    and all shares are None if entries are `unconverted`. `provisional` is the part of `net` from
    open stops.
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
        """`net`, for a caller that has converted nothing, so that it is known."""
        assert self.net is not None
        return self.net


COMBINATION = ("element", "defect_code", "work_unit", "stage")

COLUMNS = tuple(
    column
    for name in Driver.__dataclass_fields__
    for column in (("hours", name) if name == "seconds" else (name,))
)


def driver_json(driver: Driver) -> dict[str, Any]:
    return {name: getattr(driver, name) for name in COLUMNS}


@dataclass(frozen=True, slots=True)
class LossTotal:
    """The sum and the number of all losses in a currency.

    `net` is None if entries have no exchange rate.
    """

    currency: str
    losses: int
    net: Decimal | None

    @classmethod
    def of(cls, row: Any) -> "LossTotal":
        return cls(row["currency"], row["losses"], None if row["lacking"] else row["total"])


@dataclass(frozen=True, slots=True)
class Days:
    """The production days [start, end) of all plants, or of one plant with its calendar."""

    start: date
    end: date
    plant: str | None = None
    line: str | None = None
    calendar: Calendar | None = None
    currency: str | None = field(default=None, kw_only=True)
    """The reporting currency, if all money is converted into it."""
    group: str | None = field(default=None, kw_only=True)
    grouping: str | None = field(default=None, kw_only=True)
    """The product group, of a grouping; None: all products."""

    @property
    def scope(self) -> Scope:
        return Scope(
            self.plant, self.line, by=(), currency=self.currency, group=self.group,
            grouping=self.grouping,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drivers:
    """The largest losses of each currency, the largest first, and the sum of all losses of each."""

    drivers: list[Driver]
    totals: list[LossTotal]


async def drivers(
    conn: Connection, book: RateBook, days: Days, now: datetime, top: int = 10
) -> Drivers:
    """The `top` largest losses of each currency.

    It counts failure costs only: standing entries, and open stops until `now`. In the reporting
    currency all losses are ranked together. One snapshot.
    """
    rows = await _losses(
        conn, book, days, now, _MONEY.of(days.currency, days.grouping).drivers, None, limit=top
    )
    totals = {row["currency"]: LossTotal.of(row) for row in rows}
    return Drivers([_driver(row) for row in rows], list(totals.values()))


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a Pareto: a combination, the `others` together, or the losses without a name."""

    kind: str
    names: dict[str, str | None]
    net: Decimal
    others: int
    is_nameless: bool


async def bars(
    conn: Connection, book: RateBook, days: Days, now: datetime, most: int, currency: str,
    accrued: Sequence[Accrued] | None = None,
) -> list[Bar]:  # fmt: skip
    """The losses in a currency by `cause` (a combination), `stage`, `defect_code` and `element`.

    Each kind has its `most` most expensive combinations, then all others as one bar, then losses
    without a name. A combination that earned money is not a loss. Pass `accrued`, what open stops
    add, if it is already known. One snapshot.
    """
    paretos = _MONEY.of(days.currency, days.grouping).paretos
    rows = await _losses(conn, book, days, now, paretos, accrued, limit=most, currency=currency)
    return [
        Bar(
            row["kind"], {name: row[name] for name in COMBINATION}, row["net"], row["others"],
            row["place"] == most + 2,
        )
        for row in rows
    ]  # fmt: skip


async def _losses(
    conn: Connection, book: RateBook, days: Days, now: datetime, query: Query,
    accrued: Sequence[Accrued] | None, **more: Any,
) -> list[Any]:  # fmt: skip
    """The rows of a query that includes the section `losses`; `more` are its other parameters."""
    failures = [str(category) for category in FAILURES]
    around = instants_around(days.start, days.end, days.calendar)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        if accrued is None:
            accrued = await accrue(conn, book, days.scope, now, around[0])
        # A plan for any days, which Postgres makes after five calls, takes twice as long.
        await conn.execute("set local plan_cache_mode = force_custom_plan")
        losses: list[Any] = await conn.fetch(
            *query(
                first=days.start, last=days.end, plant=days.plant, line=days.line,
                categories=failures, since=around[0], until=around[1],
                converted=days.currency is not None, **days.scope.groups(),
                **_open_stops(days, accrued), **more,
            )
        )  # fmt: skip
        await conn.execute("set local plan_cache_mode = auto")
    return losses


def _open_stops(days: Days, accrued: Iterable[Accrued]) -> dict[str, list[Any]]:
    """The costs that open stops add in the days: a list for each open-stop parameter of
    `losses`."""
    rows = [
        _open_stop(part) for part in accrued
        if days.start <= part.bucket.day < days.end and days.group in (None, part.group)
    ]  # fmt: skip
    return {name: [row[name] for row in rows] for name in _OPEN}


_OPEN = (
    "open_currency", "open_element", "open_defect_code", "open_work_unit", "open_net",
    "open_seconds", "open_unconverted",
)  # fmt: skip


def _open_stop(part: Accrued) -> dict[str, Any]:
    stop, cell = part.segment.stop, part.cell(None, part.cost, part.seconds)
    values = (
        cell.currency, element(stop), stop.defect_code, stop.work_unit, cell.net, cell.seconds,
        cell.unconverted,
    )  # fmt: skip
    return dict(zip(_OPEN, values, strict=True))


def _driver(row: Any) -> Driver:
    """A row of `drivers`. If any loss of the currency lacks an exchange rate, no share is known."""
    own = {name: row[name] for name in _OWN}
    shares = (row["net"], row["cumulative"]) if not row["lacking"] else (None, None)
    share, cumulative = (s if s is None else quotient(s, row["total"]) for s in shares)
    net = None if row["unconverted"] else row["net"]
    return Driver(**own, net=net, share=share, cumulative_share=cumulative)


_OWN = (
    "rank", "element", "stage", "defect_code", "work_unit", "currency", "seconds", "quantity",
    "entries", "unconverted", "provisional",
)  # fmt: skip


def instants_around(start: date, end: date, calendar: Calendar | None) -> tuple[datetime, datetime]:
    """The instants that surely contain the days: a day lies within two days of its date in any
    zone."""
    if calendar is not None:
        return calendar.start_of(start), calendar.start_of(end)
    midnights = [datetime.combine(day, time(), UTC) for day in (start, end)]
    return midnights[0] - timedelta(days=2), midnights[1] + timedelta(days=2)
