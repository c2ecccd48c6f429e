"""Periods as they stand, read from Postgres."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from services.periods.period import Period, State, What
from services.sql_files import statement

_ONE = statement(__file__, "one_period")
_LIST = statement(__file__, "list_periods")
_STEPS = statement(__file__, "steps")
_FIGURES = statement(__file__, "figures")


@dataclass(frozen=True, slots=True)
class Listed:
    """A period with its COPQ in one currency; None without entries.

    `first_reported` is None where the month was never closed.
    """

    period: Period
    currency: str | None
    first_reported: Decimal | None
    restated: Decimal

    @property
    def difference(self) -> Decimal | None:
        return None if self.first_reported is None else self.restated - self.first_reported


@dataclass(frozen=True, slots=True)
class Step:
    """What was done; of a closing how many entries were signed off, and the digest of it all."""

    step: int
    what: What
    closing: int
    at: datetime
    by: str
    why: str
    unfinished: dict[str, int]
    entries: int | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class SignedOff:
    """Of a closing: what was booked in the month for `of_month`, in one category and currency."""

    closing: int
    of_month: date
    category: str
    currency: str
    entries: int
    net: Decimal


async def period(conn: Connection, plant: str, month: date) -> Period:
    """As it is; open where nothing was done with it."""
    row = await conn.fetchrow(_ONE, plant, month)
    return _period(row) if row else Period(plant, month)


async def periods(
    conn: Connection, plant: str | None = None, month: date | None = None
) -> list[Listed]:
    """Those with entries or steps, the newest first."""
    rows = await conn.fetch(_LIST, plant, month)
    return [
        Listed(_period(row), row["currency"], row["first_reported"], row["restated"])
        for row in rows
    ]


def _period(row: Any) -> Period:
    return Period(
        row["plant"], row["month"], State(row["state"]), row["closings"], row["first_closed_at"],
        row["booked_in"],
    )  # fmt: skip


async def steps(conn: Connection, plant: str, month: date) -> list[Step]:
    """All that was done with a month, in order."""
    return [
        Step(
            row["step"], What(row["what"]), row["closing"], row["done_at"], row["done_by"],
            row["why"], json.loads(row["unfinished"]), row["entries"], row["digest"],
        )
        for row in await conn.fetch(_STEPS, plant, month)
    ]  # fmt: skip


async def signed_off(conn: Connection, plant: str, month: date) -> list[SignedOff]:
    """The figures of all closings of a month."""
    return [SignedOff(**row) for row in await conn.fetch(_FIGURES, plant, month)]
