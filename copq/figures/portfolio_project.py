"""One improvement project: its plan and steps, what approval froze, its months, and its money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.names import check_names
from copq.figures.portfolio_reading import Window, planned_rows, read_facts
from copq.figures.portfolio_request import PortfolioQuery, PortfolioRequest
from copq.figures.portfolio_rows import PortfolioRow, ProjectMoney, figures_of
from copq.improvement.projects.plan import BenefitType, add_months
from copq.ledger.arithmetic import MONEY, ZERO
from copq.projects.answers import ProjectAccount, account_of
from copq.projects.store import Excess
from copq.rates.book import RateBook
from copq.schemas.names import canonical

_SQL = Queries.of(__file__)
EFFECTS = ("volume", "mix", "rates", "non_routine", "without_baseline", "performance")
"""The effects of a bridge, from the losses of the baseline to those of the month."""

BRIDGE = ("days", "baseline", "actual", *EFFECTS, "gross", "net", "low", "high", "first_reported")
TYPED = ("promised", "forecast", "claimed", "validated", "in_budget")
COLUMNS = ("month", *BRIDGE, *TYPED, "decisions", "excess", "waits_since")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeMonth:
    """What one month has of one benefit type; without a `decision`, finance has made none."""

    month: date
    type: BenefitType
    promised: Decimal
    forecast: Decimal
    claimed: Decimal
    decision: str | None
    validated: Decimal
    in_budget: Decimal
    waits_since: datetime | None


@dataclass(frozen=True, slots=True)
class ProjectMonth:
    """A month with its bridge, None before it is measured, and with what each type has."""

    month: date
    bridge: dict[str, Any] | None
    types: Sequence[TypeMonth]
    excess: Excess | None

    def total(self, name: str, counted: Sequence[BenefitType]) -> Decimal:
        """The sum of the types that count."""
        with localcontext(MONEY):
            return sum((getattr(t, name) for t in self.types if t.type in counted), ZERO)

    def as_json(self, counted: Sequence[BenefitType]) -> dict[str, Any]:
        bridge = self.bridge or {}
        own = [one for one in self.types if one.type in counted]
        return {
            "month": f"{self.month:%Y-%m}", **{name: bridge.get(name) for name in BRIDGE},
            **{name: self.total(name, counted) for name in TYPED},
            "decisions": [one.decision for one in own if one.decision],
            "excess": self.excess and self.excess.amount,
            "waits_since": min(self._waits(own), default=None),
        }  # fmt: skip

    def _waits(self, own: Sequence[TypeMonth]) -> Iterator[datetime]:
        yield from (one.waits_since for one in own if one.waits_since)
        if self.excess:
            yield self.excess.since


@dataclass(frozen=True, slots=True)
class ProjectAnswer:
    """A project as of `at`. The months are all that were promised or measured."""

    query: PortfolioQuery
    at: datetime
    account: ProjectAccount
    row: PortfolioRow
    months: Sequence[ProjectMonth]

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The months, as rows of `columns`."""
        return [one.as_json(self.query.counted) for one in self.months]

    def as_json(self) -> dict[str, Any]:
        verdict = self.row.facts.verdict
        return {
            "at": self.at, "to": self.row.facts.end, **self.account.as_json(),
            "verdict": verdict and verdict.as_json(), "counted": list(self.query.counted),
            "months": self.table(),
            "types": [_type_json(one) for month in self.months for one in month.types],
            "money": self.row.figures.as_json(), "basis": self.query.basis,
        }  # fmt: skip


def _type_json(one: TypeMonth) -> dict[str, Any]:
    return {**asdict(one), "month": f"{one.month:%Y-%m}"}


async def answer_project(
    conn: Connection, book: RateBook, plant: str, name: str, count: str, now: datetime
) -> ProjectAnswer:
    """The project of a plant, its money up to the month that runs there. One snapshot.

    Raises `ValueError` on an unknown plant, project or benefit type.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        plant = canonical(plant)
        await check_names(conn, book, plant)
        account = await account_of(conn, plant, canonical(name))
        found = account.project
        query = await PortfolioRequest(plant=plant, count=count).query(conn, book, ())
        end = query.end_in(plant, book, now)
        [facts] = await read_facts(conn, book, [Window(found, None, end)])
        bridges = await conn.fetch(*_SQL.project_bridges(projects=[found.id]))
        rows = await conn.fetch(
            *_SQL.project_promised(projects=[found.id], **planned_rows([found]))
        )
    year_begins = add_months(end, -1).replace(month=1)
    figures = figures_of([ProjectMoney.of(facts, query, year_begins)])
    excesses = {one.month: one for one in account.excesses}
    months = _months([dict(row) for row in bridges], [_type_month(row) for row in rows], excesses)
    return ProjectAnswer(query, now, account, PortfolioRow(facts, figures), months)


def _type_month(row: Any) -> TypeMonth:
    return TypeMonth(**{**row, "type": BenefitType(row["type"])})


def _months(
    bridges: list[dict[str, Any]], types: list[TypeMonth], excesses: Mapping[date, Excess]
) -> list[ProjectMonth]:
    of_bridge = {row["month"]: row for row in bridges}
    return [
        ProjectMonth(month, of_bridge.get(month), [one for one in types if one.month == month],
                     excesses.get(month))
        for month in sorted(of_bridge.keys() | {one.month for one in types})
    ]  # fmt: skip
