"""Items that the figures do not include yet: events without a price, corrections, open stops."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.corrections import ListedCorrection, list_corrections
from copq.groups.store import groups_of_days
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.corrections import State
from copq.ledger.downtime import Stop, element
from copq.ledger.figures import Scope
from copq.posting.open_stops import OpenStop, OpenStopCosts, open_stop_costs, open_stops
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class UnpricedGroup:
    """Events held for the same reason; `since` is when the first of them arrived.

    `worth` (net cost) and `base` are estimates at the nearest known rates, whose revisions and
    effective dates are named. `unknown` is the number of events without an estimate. If all are
    unknown, worth and currency are None.
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
class UnpricedPart:
    """The largest groups, and the sums of all groups.

    `groups_total` is the number of groups, `reasons` the number of different reasons. `events` and
    `unknown` are sums over all groups; `worth` is by currency, over events with a known worth.
    """

    groups: list[UnpricedGroup]
    groups_total: int
    reasons: int
    events: int
    unknown: int
    worth: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class CostlyStop:
    """An open stop, and the cost of the time that it owns: overlaps cost once."""

    open: OpenStop
    cost: Decimal


@dataclass(frozen=True, slots=True)
class OpenStopsPart:
    """The most expensive open stops, the number of all, and their cost by currency."""

    stops: list[CostlyStop]
    stops_total: int
    cost: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class WaitingItems:
    """All items that are missing from the figures, or only provisional: the first of each kind.

    `corrections_total` is the number of waiting corrections.
    """

    unpriced: UnpricedPart
    corrections: list[ListedCorrection]
    corrections_total: int
    open_stops: OpenStopsPart


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """The numbers of waiting items as of `at`, whatever the basis of the figures."""

    unpriced: int
    corrections: int
    open_stops: int
    at: datetime


async def waiting_items(
    conn: Connection, book: RateBook, now: datetime, most: int, plant: str | None = None
) -> WaitingItems:
    """The waiting items of a plant, or of all; at most `most` of each kind, as of `now` and in one
    snapshot."""
    scope = Scope(plant)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        unpriced = await unpriced_part(conn, now, most, plant)
        corrections = await list_corrections(conn, (State.WAITING,), most, plant)
        held = await conn.fetchrow(*_SQL.held(**scope.places(), **scope.groups()))
        stops = open_stops_part(await open_stop_costs(conn, book, scope, now), most)
    return WaitingItems(unpriced, corrections, held["corrections"], stops)


def waiting_json(items: WaitingItems) -> dict[str, Any]:
    """The first items of each kind, and the sums of all items of the kind."""
    unpriced, stops = items.unpriced, items.open_stops
    return {
        "unpriced": [asdict(group) for group in unpriced.groups],
        "unpriced_totals": {
            "groups": unpriced.groups_total, "events": unpriced.events,
            "unknown": unpriced.unknown, "worth": unpriced.worth,
        },
        "corrections": [asdict(correction) for correction in items.corrections],
        "corrections_total": items.corrections_total,
        "open_stops": [asdict(costly) for costly in stops.stops],
        "open_stops_totals": {"stops": stops.stops_total, "cost": stops.cost},
    }  # fmt: skip


async def unpriced_part(
    conn: Connection, now: datetime, most: int, plant: str | None = None, line: str | None = None
) -> UnpricedPart:
    """The `most` largest groups of events without a price. Call it in one snapshot."""
    groups = await conn.fetch(*_SQL.unpriced_groups(now=now, plant=plant, line=line, limit=most))
    kinds = await conn.fetchrow(*_SQL.unpriced_kinds(plant=plant, line=line))
    totals = await conn.fetch(*_SQL.unpriced_totals(now=now, plant=plant, line=line))
    return UnpricedPart(
        [UnpricedGroup(**row) for row in groups], kinds["groups"], kinds["reasons"],
        sum(row["events"] for row in totals),
        sum(row["events"] for row in totals if row["currency"] is None),
        {row["currency"]: row["worth"] for row in totals if row["currency"] is not None},
    )  # fmt: skip


def open_stops_part(opened: OpenStopCosts, most: int) -> OpenStopsPart:
    """The `most` expensive open stops; of equal ones, the longest first."""
    costs = opened.by_stop()
    stops = [CostlyStop(one, costs.get(one.stop.event_id, ZERO)) for one in opened.stops]
    stops.sort(key=lambda costly: -costly.cost)
    total: dict[str, Decimal] = defaultdict(Decimal)
    with localcontext(MONEY):
        for costly in stops:
            total[costly.open.stop.currency] += costly.cost
    return OpenStopsPart(stops[:most], len(stops), dict(total))


async def count_waiting(conn: Connection, scope: Scope, now: datetime) -> WaitingCounts:
    """The numbers of waiting items in scope, for the line under every table of figures.

    An event without a price has no element yet, so it counts for every element.
    """
    row = await conn.fetchrow(*_SQL.held(**scope.places(), **scope.groups()))
    stops = await open_stops(conn, now, scope.plant, scope.line)
    if scope.group is not None:
        stops = await _in_group(conn, scope, stops, now)
    found = sum(_is_in(scope, one.stop) for one in stops)
    return WaitingCounts(row["unpriced"], row["corrections"], found, now)


async def _in_group(
    conn: Connection, scope: Scope, stops: list[OpenStop], now: datetime
) -> list[OpenStop]:
    """The stops whose product is in the group of the scope now, by the day in UTC."""
    assert scope.grouping is not None
    places = [(one.plant, one.stop.product, now.astimezone(UTC).date()) for one in stops]
    groups = await groups_of_days(conn, scope.grouping, places)
    return [one for one, group in zip(stops, groups, strict=True) if group == scope.group]


def _is_in(scope: Scope, stop: Stop) -> bool:
    return scope.product in (None, stop.product or "") and scope.element in (None, element(stop))
