"""Problems of all functions, ranked by what they cost or by the time they take.

Postgres sums them and picks the largest, so that memory stays bounded for any number of codes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.figures.drivers import Days, instants_around
from copq.improvement.intangible import ASPECTS, Control, Reputation
from copq.improvement.un_quality import AllProblems, Problem, Ranked, by_cost, by_time, rank
from copq.ledger.downtime import element
from copq.posting.open_stops import Accrued, accrue
from copq.rates.book import RateBook
from copq.schemas.priced import FAILURES

_MONEY = ByCurrency(__file__)
_SEVERAL = ("downtime", "planned_stop", "rework_of_returns", "rework_on_site", "return_scrap")
"""The elements of which an event may have several entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemQuery:
    """The question: failure cost of the days, of a product, of a function (empty: of none)."""

    days: Days
    product: str | None = None
    function: str | None = None
    is_by_time: bool = False


@dataclass(frozen=True, slots=True)
class RankedProblem:
    """A ranked problem; without `defect_code` it is the failures of an `element` without a code.

    `provisional` is the part of its cost from open stops.
    """

    ranked: Ranked
    defect_code: str | None
    element: str | None
    provisional: Decimal


@dataclass(frozen=True, slots=True)
class ProblemTotal:
    """All ranked problems of a currency together, and the currency's whole failure cost.

    `net` is the failure cost in the ledger, `earned` the part of problems that earned money: 0 or
    less.
    """

    ranked: AllProblems
    complaints: int
    earned: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class RankedProblems:
    """The largest problems of each currency in order, and the total of each currency."""

    problems: list[RankedProblem]
    totals: list[ProblemTotal]


async def ranked_problems(
    conn: Connection, book: RateBook, query: ProblemQuery, now: datetime,
    limit: int | None = None,
) -> RankedProblems:  # fmt: skip
    """The `limit` largest problems of each currency; None: all.

    It counts standing failure entries, and open stops until `now`. Call it in one snapshot. Raises
    `ValueError` if an open stop has no exchange rate into the reporting currency.
    """
    days = query.days
    since, until = instants_around(days.start, days.end, days.calendar)
    accrued = await accrue(conn, book, days.scope, now, since)
    rows = await conn.fetch(
        *_MONEY.of(days.currency, days.grouping).problems(
            since=since, until=until, first=days.start, last=days.end, plant=days.plant,
            line=days.line, product=query.product, function=query.function,
            categories=[str(category) for category in FAILURES], several=list(_SEVERAL),
            by_time=query.is_by_time, limit=limit, **days.scope.groups(),
            **_open_stops(query, accrued),
        )
    )  # fmt: skip
    found = RankedProblems([], [])
    for _, group in groupby(rows, lambda row: row["currency"]):
        _add_currency(found, list(group), is_by_time=query.is_by_time)
    return found


def _add_currency(found: RankedProblems, rows: list[Any], *, is_by_time: bool) -> None:
    whole = _total(rows[0])
    found.totals.append(whole)
    ranked = rank(map(_problem, rows), by_time if is_by_time else by_cost, whole.ranked)
    found.problems.extend(
        RankedProblem(one, row["defect_code"], row["element"], row["provisional"])
        for one, row in zip(ranked, rows, strict=True)
    )


def _problem(row: Any) -> Problem:
    return Problem(
        function=row["function"], problem=row["defect_code"] or row["element"],
        currency=row["currency"], frequency=row["frequency"], cost=row["cost"],
        seconds=row["seconds"], control=_control(row, ""), reputation=_reputation(row),
    )  # fmt: skip


def _total(row: Any) -> ProblemTotal:
    ranked = AllProblems(
        currency=row["currency"], problems=row["all_problems"],
        frequency=int(row["all_frequency"]), cost=row["all_cost"], seconds=row["all_seconds"],
        control=_control(row, "all_"),
    )  # fmt: skip
    return ProblemTotal(ranked, int(row["all_complaints"]), row["all_earned"], row["all_net"])


def _control(row: Any, before: str) -> Control:
    return Control(**{name: int(row[before + name]) for name in Control.__dataclass_fields__})


def _reputation(row: Any) -> Reputation:
    graded = {aspect: row[aspect] for aspect in ASPECTS if row[aspect][0]}
    counts, sums, highest = (
        {aspect: int(values[place]) for aspect, values in graded.items()} for place in range(3)
    )
    return Reputation(counts, sums, highest, row["complaints"])


def _open_stops(query: ProblemQuery, accrued: Iterable[Accrued]) -> dict[str, list[Any]]:
    """What open stops add in the days: a list for each open-stop parameter of `problems`."""
    rows = [_open_stop(part) for part in accrued if _is_in(part, query)]
    return {name: [row[name] for row in rows] for name in _OPEN}


def _is_in(part: Accrued, query: ProblemQuery) -> bool:
    of_product = query.product in (None, part.segment.stop.product)
    of_group = query.days.group in (None, part.group)
    return of_product and of_group and query.days.start <= part.bucket.day < query.days.end


_OPEN = (
    "open_event", "open_currency", "open_element", "open_defect_code", "open_net", "open_seconds",
    "open_is_open",
)  # fmt: skip


def _open_stop(part: Accrued) -> dict[str, Any]:
    stop, cell = part.segment.stop, part.cell(None, part.cost, part.seconds)
    if cell.unconverted:
        raise ValueError(
            f'the open stop "{stop.event_id}" is in {stop.currency}, which has no exchange rate. '
            "Import rates with copq currencies import, or leave out the currency"
        )
    values = (
        stop.event_id, cell.currency, element(stop), stop.defect_code, cell.net, cell.seconds,
        part.sign > 0,
    )  # fmt: skip
    return dict(zip(_OPEN, values, strict=True))
