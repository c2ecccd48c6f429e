"""What drives the cost: the worst combinations of element, stage, code and machine."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from schemas.priced import FAILURES
from services.costing.price import hours_of, quotient
from services.currencies.converted import Question
from services.rates.calendar import Calendar

_DRIVERS = Question(__file__, "drivers")


@dataclass(frozen=True, slots=True)
class Driver:
    """One combination. `share` is its part of all losses in its currency, `cumulative_share` that
    of it and all worse ones; a combination that earned money is no loss and is left out. In the
    reporting currency `net` is None where entries are `unconverted`, and so is every share.
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


async def drivers(
    conn: Connection, start: date, end: date, top: int = 10,
    plant: str | None = None, line: str | None = None, calendar: Calendar | None = None,
    currency: str | None = None,
) -> list[Driver]:  # fmt: skip
    """The `top` worst of each currency in the production days [start, end), worst first.

    From the ledger: failure alone, what is booked and stands. Open stops are not in it. With the
    plant's `calendar` no entry beside these days is read. With the reporting `currency` all are
    ranked together.
    """
    failures = [str(category) for category in FAILURES]
    around = _instants(start, end, calendar)
    rows = await conn.fetch(
        _DRIVERS.of(currency), start, end, plant, line, failures, top, *around, currency is not None
    )
    return [_driver(dict(row)) for row in rows]


def _instants(start: date, end: date, calendar: Calendar | None) -> tuple[datetime, datetime]:
    """What the days lie within: a day is within two days of its date, wherever the plant is."""
    if calendar is not None:
        return calendar.start_of(start), calendar.start_of(end)
    midnights = [datetime.combine(day, time(), UTC) for day in (start, end)]
    return midnights[0] - timedelta(days=2), midnights[1] + timedelta(days=2)


def _driver(row: dict[str, Any]) -> Driver:
    total, cumulative = row.pop("total"), row.pop("cumulative")
    if row.pop("lacking"):
        net = None if row["unconverted"] else row["net"]
        return Driver(**{**row, "net": net}, share=None, cumulative_share=None)
    share = quotient(row["net"], total)
    return Driver(**row, share=share, cumulative_share=quotient(cumulative, total))
