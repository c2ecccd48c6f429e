"""The problems of a plant's month, ranked across functions: from the summary, not the ledger."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.pack_request import PackQuery
from copq.improvement.un_quality import Problem, Ranked, rank
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.downtime import element
from copq.posting.open_stops import Accrued
from copq.schemas.priced import FAILURES
from copq.summary.position import read_position

_SQL = Queries.of(__file__)


class Loss(NamedTuple):
    """A defect code, or an element without one, of a function, in one currency."""

    currency: str
    function: str | None
    defect_code: str | None
    element: str | None


@dataclass(slots=True)
class _Sum:
    net: Decimal = ZERO
    seconds: Decimal = ZERO
    entries: int = 0

    def add(self, net: Decimal, seconds: Decimal, entries: int) -> None:
        self.net += net
        self.seconds += seconds
        self.entries += entries


@dataclass(frozen=True, slots=True)
class PackLosses:
    """The ranked problems of a currency, the failure cost of all entries, and the part of problems
    that earned money (0 or less)."""

    ranked: list[Ranked]
    net: Decimal
    earned: Decimal


async def read_losses(
    conn: Connection, query: PackQuery, accrued: Iterable[Accrued]
) -> dict[str, PackLosses]:
    """The problems of each currency; a problem's `frequency` is how many entries stand.

    `accrued` is what open stops add. Call it in one snapshot.
    """
    sums: dict[Loss, _Sum] = defaultdict(_Sum)
    with localcontext(MONEY):
        await _add_booked(conn, query, sums)
        await _add_open_stops(conn, query, accrued, sums)
        return _ranked(sums)


async def _add_booked(conn: Connection, query: PackQuery, sums: dict[Loss, _Sum]) -> None:
    calendar = query.site.calendar
    month = {
        "plant": query.plant, "first": query.month, "last": query.end,
        "since": calendar.start_of(query.month), "before": calendar.start_of(query.end),
        "categories": list(map(str, FAILURES)),
    }  # fmt: skip
    position = (await read_position(conn)).parameters()
    # A plan for any month reads the whole summary.
    await conn.execute("set local plan_cache_mode = force_custom_plan")
    for row in await conn.fetch(*_SQL.pack_losses(**month, **position)):
        sums[_loss(row, None)].add(row["net"], row["seconds"], row["entries"])
    if not await conn.fetchval(*_SQL.pack_has_functions(plant=query.plant)):
        return
    for row in await conn.fetch(*_SQL.pack_functions(**month)):
        sums[_loss(row, None)].add(-row["net"], -row["seconds"], -row["entries"])
        sums[_loss(row, row["function"])].add(row["net"], row["seconds"], row["entries"])


def _loss(row: Any, function: str | None) -> Loss:
    return Loss(row["currency"], function, row["defect_code"], row["element"])


async def _add_open_stops(
    conn: Connection, query: PackQuery, accrued: Iterable[Accrued], sums: dict[Loss, _Sum]
) -> None:
    own = [part for part in accrued if query.month <= part.bucket.day < query.end]
    events = sorted({part.segment.stop.event_id for part in own})
    functions = dict(await conn.fetch(*_SQL.pack_functions_of(events=events))) if events else {}
    for part in own:
        stop = part.segment.stop
        kind = None if stop.defect_code else element(stop)
        of = Loss(stop.currency, functions.get(stop.event_id), stop.defect_code, kind)
        sums[of].add(part.cost, part.seconds, 0)


def _ranked(sums: dict[Loss, _Sum]) -> dict[str, PackLosses]:
    found: dict[str, list[Problem]] = defaultdict(list)
    for of, amount in sums.items():
        if amount.net or amount.entries:
            found[of.currency].append(_problem(of, amount))
    return {
        currency: PackLosses(
            rank(problems), sum((one.cost for one in problems), ZERO),
            sum((one.cost for one in problems if one.cost < 0), ZERO),
        )
        for currency, problems in sorted(found.items())
    }  # fmt: skip


def _problem(of: Loss, amount: _Sum) -> Problem:
    name = of.defect_code or (of.element or "").replace("_", " ")
    return Problem(
        function=of.function, problem=name, currency=of.currency, frequency=amount.entries,
        cost=amount.net, seconds=amount.seconds,
    )  # fmt: skip
