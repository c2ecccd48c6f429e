"""The question for the largest problems, and its answer."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.figures.answers import held_json
from copq.figures.drivers import Days
from copq.figures.entry_links import Filters, entries_address, entries_command
from copq.figures.missing_exchange_rates import (
    MissingRates,
    missing_rates,
    missing_rates_json,
    refuse_missing,
)
from copq.figures.names import check_names
from copq.figures.problems import (
    ProblemQuery,
    ProblemTotal,
    RankedProblem,
    RankedProblems,
    ranked_problems,
)
from copq.figures.report import zone_of
from copq.figures.requests import GroupedRequest, spell
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.figures.window import WindowRequest, newest_day
from copq.improvement.intangible import ASPECTS
from copq.ledger.arithmetic import hours_of
from copq.rates.book import RateBook


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsRequest(GroupedRequest):
    """Asks for the problems of a window of production days; by default of the last 30 days.

    An empty function selects problems of events that name none.
    """

    month: str = ""
    start: str = ""
    end: str = ""
    function: str | None = None
    is_by_time: bool = False
    currency: str | None = None

    def __post_init__(self) -> None:
        GroupedRequest.__post_init__(self)
        spell(self, "function")

    async def query(self, conn: Connection, book: RateBook, now: datetime) -> ProblemQuery:
        """Raises `ValueError` on an unknown name or a window that is not possible."""
        places = (self.plant, self.line, self.product)
        await check_names(conn, book, *places, function=self.function)
        named = WindowRequest(month=self.month, start=self.start, end=self.end)
        window = named.window(newest_day(book, self.plant, now))
        site = book.sites.get(self.plant or "")
        days = Days(
            window.first, window.last, self.plant, self.line, site.calendar if site else None,
            currency=self.currency, group=self.group,
            grouping=await self.chosen_grouping(conn),
        )  # fmt: skip
        return ProblemQuery(
            days=days, product=self.product, function=self.function, is_by_time=self.is_by_time
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """A problem at its place, with the way to its entries.

    `cost` and `hours` are those of all occurrences, `event_cost` is the mean of one. Shares are of
    money or of time, as ranked. Grades are means; they and the counts are never part of the money.
    """

    rank: int
    function: str | None
    problem: str
    defect_code: str | None
    element: str | None
    currency: str
    frequency: int
    event_cost: Decimal | None
    cost: Decimal
    hours: Decimal
    seconds: Decimal
    share: Decimal
    cumulative_share: Decimal
    provisional: Decimal
    interventions: int
    wrong_routings: int
    other_master_data: int
    control_share: Decimal | None
    complaints: int
    handled_by: Decimal | None
    severity: Decimal | None
    contacts: Decimal | None
    people: Decimal | None
    duration: Decimal | None
    filters: Filters
    entries: str
    command: str

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


COLUMNS = tuple(name for name in ProblemRow.__dataclass_fields__ if name != "filters")
"""The columns of a table; `entries` and `command` hold the filters."""


@dataclass(frozen=True, slots=True)
class ProblemsAnswer:
    """The largest problems of each currency as of `at`; `lacks` is None if nothing is converted."""

    query: ProblemQuery
    at: datetime
    zone: tzinfo
    found: RankedProblems
    lacks: list[MissingRates] | None
    waiting: WaitingCounts

    @property
    def totals(self) -> list[ProblemTotal]:
        return self.found.totals

    def rows(self) -> list[ProblemRow]:
        return [_row(one, self.query) for one in self.found.problems]

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The rows, as JSON and CSV have them."""
        return [row.as_json() for row in self.rows()]

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at, "from": self.query.days.start, "to": self.query.days.end,
            "ranked_by": "time" if self.query.is_by_time else "money",
            "rows": self.table(), "totals": [_total_json(total) for total in self.totals],
            **missing_rates_json(self.lacks), **held_json(self.waiting),
        }  # fmt: skip


def _row(one: RankedProblem, query: ProblemQuery) -> ProblemRow:
    ranked, problem = one.ranked, one.ranked.problem
    filters, days = _filters(one, query), query.days
    means: dict[str, Any] = dict.fromkeys(ASPECTS) | problem.reputation.means
    return ProblemRow(
        rank=ranked.rank, function=problem.function, problem=problem.problem,
        defect_code=one.defect_code, element=one.element, currency=problem.currency,
        frequency=problem.frequency, event_cost=problem.event_cost, cost=problem.cost,
        hours=problem.hours, seconds=problem.seconds, share=ranked.share,
        cumulative_share=ranked.cumulative_share, provisional=one.provisional,
        **asdict(problem.control), control_share=ranked.control_share,
        complaints=problem.reputation.complaints, **means, filters=filters,
        entries=entries_address(filters, days.start, days.end),
        command=entries_command(filters, days.start, days.end),
    )  # fmt: skip


def _filters(one: RankedProblem, query: ProblemQuery) -> Filters:
    """The filters of `copq entries` that select the entries of a problem."""
    days = query.days
    places = {
        "plant": days.plant, "line": days.line, "product": query.product, "group": days.group,
        "grouping": days.grouping,
    }  # fmt: skip
    given = {name: value for name, value in places.items() if value is not None}
    own = {"function": one.ranked.problem.function, "defect_code": one.defect_code}
    return given | own | ({"element": one.element} if one.element else {})


def _total_json(total: ProblemTotal) -> dict[str, Any]:
    ranked = total.ranked
    return {
        "currency": ranked.currency, "problems": ranked.problems, "frequency": ranked.frequency,
        "cost": ranked.cost, "hours": hours_of(ranked.seconds), "seconds": ranked.seconds,
        **asdict(ranked.control), "complaints": total.complaints, "earned": total.earned,
        "net": total.net,
    }  # fmt: skip


async def answer_problems(
    conn: Connection, book: RateBook, request: ProblemsRequest, now: datetime,
    limit: int | None = None,
) -> ProblemsAnswer:  # fmt: skip
    """The `limit` largest problems of each currency; None: all.

    Raises `ValueError` on an impossible request. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book, now)
        days = query.days
        scope = replace(days.scope, product=query.product)
        lacks = await missing_rates(conn, scope, days.start, days.end)
        refuse_missing(lacks or [])
        found = await ranked_problems(conn, book, query, now, limit)
        waiting = await count_waiting(conn, scope, now)
        return ProblemsAnswer(query, now, zone_of(book, days.plant), found, lacks, waiting)
