"""The entries without an exchange rate, which figures in the reporting currency lack."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from asyncpg import Connection

from copq.currencies.store import check_reporting
from copq.database.queries import Queries
from copq.figures.basis import RESTATED, Basis
from copq.ledger.figures import Scope
from copq.text.counts import count_of

_SQL = Queries.of(__file__)
CONVERSION = (
    "Each entry is converted at the stored exchange rate of its day, the time of open "
    "stops at the newest rate. If a rate is missing, the figure is empty."
)


@dataclass(frozen=True, slots=True)
class MissingRates:
    """Entries of one currency without an exchange rate: their number of days, the first and the
    last.

    `late` means that a rate has come since their month was closed, and converts them.
    """

    currency: str
    entries: int
    days: int
    first_day: date
    last_day: date
    late: bool = False

    def __str__(self) -> str:
        days = f"of {self.first_day}"
        if self.days > 1:
            days = f"of {self.days} days from {self.first_day} to {self.last_day}"
        return f"{count_of(self.entries, 'entry', 'entries')} in {self.currency} {days}"


async def missing_rates(
    conn: Connection, scope: Scope, start: datetime | date | None, end: datetime | date | None,
    basis: Basis = RESTATED,
) -> list[MissingRates] | None:  # fmt: skip
    """The missing rates in [start, end), instants of hours or production days, for figures on a
    basis.

    None if nothing is converted. Raises `ValueError` if the scope's currency is not the reporting
    currency.
    """
    if scope.currency is None:
        return None
    await check_reporting(conn, scope.currency)
    hourly = isinstance(start, datetime) or isinstance(end, datetime)
    edges = (None, None, start, end) if hourly else (start, end, None, None)
    asked = {
        **scope.places(), **scope.groups(), "element": scope.element,
        **dict(zip(("first_day", "last_day", "first_hour", "last_hour"), edges, strict=True)),
    }  # fmt: skip
    if basis == RESTATED:
        rows = await conn.fetch(*_SQL.lacking(**asked, grain="hour" if hourly else "day"))
    else:
        rows = await conn.fetch(*_SQL.lacking_booked(**asked, as_of=basis.as_of))
    return [MissingRates(**row) for row in rows]


def refuse_missing(found: Sequence[MissingRates]) -> None:
    """Raises `ValueError` if entries have no exchange rate."""
    if missing := [str(lack) for lack in found if not lack.late]:
        raise ValueError(
            f"no exchange rate: {'; '.join(missing)}. Import rates with copq currencies import, "
            "or leave out the currency"
        )


def missing_rates_json(missing: list[MissingRates] | None) -> dict[str, Any]:
    """The missing rates in an answer in the reporting currency."""
    if missing is None:
        return {}
    return {
        "conversion": CONVERSION,
        "unconverted": [_json(of) for of in missing if not of.late],
        "converted_late": [_json(of) for of in missing if of.late],
    }


def _json(of: MissingRates) -> dict[str, Any]:
    return {name: value for name, value in asdict(of).items() if name != "late"}
