"""Whether the months of a pack are signed, by whom, and with which digest."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.pack_request import PackQuery
from copq.periods.period import State
from copq.schemas.priced import FAILURES

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Signature:
    """The last closing of a month that is closed or locked.

    `copq` is what it signed of the month's own events, `late` what it signed of other months that
    came too late for them. `digest` is the SHA-256 of all figures that it signed.
    """

    month: date
    state: State
    closing: int
    closed_at: datetime
    closed_by: str
    why: str
    entries: int
    digest: str
    copq: Decimal
    late: Decimal


async def read_signatures(
    conn: Connection, query: PackQuery, currency: str
) -> dict[date, Signature]:
    """The signed months among those that are compared."""
    rows = await conn.fetch(
        *_SQL.pack_signatures(
            plant=query.plant, first=query.first, last=query.end, currency=currency,
            categories=list(map(str, FAILURES)),
        )
    )  # fmt: skip
    return {
        row["month"]: Signature(
            row["month"], State(row["state"]), row["closing"], row["closed_at"], row["done_by"],
            row["why"], row["entries"], row["digest"], row["copq"], row["late"],
        )
        for row in rows
    }  # fmt: skip
