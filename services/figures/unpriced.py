"""What the figures do not hold yet: events without a price, corrections, stops still open."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from asyncpg import Connection

from services.database.sql_files import statement
from services.figures.corrections import ListedCorrection, list_corrections
from services.ledger.corrections import State
from services.ledger.downtime import Stop, element
from services.ledger.figures import Scope
from services.posting.open_stops import OpenStop, accrue, cost_by_stop, open_stops
from services.rates.book import RateBook

_GROUPS = statement(__file__, "unpriced_groups")
_HELD = statement(__file__, "held")


@dataclass(frozen=True, slots=True)
class UnpricedGroup:
    """Events held for the same reason; `since` is when the first of them came.

    `worth` (net cost) and `base` are estimates by the nearest known rates, of the revisions and
    the effective dates named; `unknown` is how many events have none. Where that is all of them
    there is no worth, and no currency.
    """

    reason: str
    event_type: str
    plant: str
    line: str
    product: str | None
    events: int
    since: datetime
    first_occurred_at: datetime
    last_occurred_at: datetime
    unknown: int
    currency: str | None
    worth: Decimal | None
    base: Decimal | None
    first_version: int | None
    last_version: int | None
    nearest_from: datetime | None
    nearest_to: datetime | None


@dataclass(frozen=True, slots=True)
class CostlyStop:
    """An open stop, and what the time that is its own has cost: overlaps cost once."""

    open: OpenStop
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that is not in the figures, or only provisionally."""

    unpriced: list[UnpricedGroup]
    corrections: list[ListedCorrection]
    open_stops: list[CostlyStop]


@dataclass(frozen=True, slots=True)
class Held:
    """How many of each, as of `at`: whatever the figures next to it are as of."""

    unpriced: int
    corrections: int
    open_stops: int
    at: datetime


async def waiting(conn: Connection, book: RateBook, now: datetime) -> Waiting:
    """What waits, one by one, as of `now` and in one snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        groups = [UnpricedGroup(**row) for row in await conn.fetch(_GROUPS, now)]
        corrections = await list_corrections(conn, (State.WAITING,))
        costs = cost_by_stop(await accrue(conn, book, Scope(), now))
        stops = await open_stops(conn, now)
    costly = [CostlyStop(s, costs.get(s.stop.event_id, Decimal(0))) for s in stops]
    return Waiting(groups, corrections, costly)


async def held(conn: Connection, scope: Scope, now: datetime) -> Held:
    """How much waits in scope: a line under every table of figures.

    An event without a price has no element yet: it counts whichever is asked for.
    """
    row = await conn.fetchrow(_HELD, scope.plant, scope.line, scope.product)
    stops = await open_stops(conn, now, scope.plant, scope.line)
    found = sum(_is_in(scope, one.stop) for one in stops)
    return Held(row["unpriced"], row["corrections"], found, now)


def _is_in(scope: Scope, stop: Stop) -> bool:
    return scope.product in (None, stop.product or "") and scope.element in (None, element(stop))
