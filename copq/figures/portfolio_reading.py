"""What Postgres holds of a portfolio: sums by project, read in a few statements.

It reads bridges, claims and validations as they are stored, and never the ledger.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.portfolio_request import day_in
from copq.improvement.projects.plan import BenefitType, promised
from copq.improvement.projects.states import State
from copq.improvement.savings.over_time import Flows
from copq.improvement.savings.portfolio import Measured, TypeSums
from copq.improvement.savings.returns import added, spending
from copq.periods.period import month_after
from copq.projects.store import Excess, Investment, Project, excesses, investments
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tests of a project's days say; `is_proven` is None where days are too few.

    `log_evidence` is the natural logarithm of the e-value; None where none was kept.
    """

    until: date
    is_proven: bool | None
    status: str
    is_provisional: bool
    computed_at: datetime
    log_evidence: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Its figures are those of the evidence: see `evidence_answer`."""
        names = ("until", "is_proven", "status", "is_provisional", "computed_at")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """One benefit type of a project: its sums, and what was validated by month so far."""

    sums: TypeSums
    validated: Flows
    waits_since: datetime | None


@dataclass(frozen=True, slots=True)
class Bridges:
    """The savings of the measured months; of those that were closed, as first reported, and what
    they are now (None: none was closed)."""

    months: int = 0
    measured: Measured = field(default_factory=Measured)
    first_reported: Decimal | None = None
    restated: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A project with what is known of its months before `end`."""

    project: Project
    end: date
    types: Mapping[BenefitType, TypeFacts]
    bridges: Bridges
    invested: Flows
    verdict: Verdict | None
    excesses: Sequence[Excess]

    @property
    def waits_since(self) -> datetime | None:
        """Since when finance has had something to decide."""
        claims = (one.waits_since for one in self.types.values() if one.waits_since)
        return min((*claims, *(one.since for one in self.excesses)), default=None)


class Window(NamedTuple):
    """The months of a project that are asked for; without a start, from its first one."""

    project: Project
    start: date | None
    end: date


async def read_facts(
    conn: Connection, book: RateBook, windows: Sequence[Window]
) -> list[ProjectFacts]:
    """The facts of each project, in the order of the windows. Call it in one snapshot."""
    ids = [one.project.id for one in windows]
    months = {
        "projects": ids, "firsts": [one.start for one in windows],
        "ends": [one.end for one in windows],
    }  # fmt: skip
    types: dict[int, dict[BenefitType, TypeFacts]] = defaultdict(dict)
    planned = planned_rows([one.project for one in windows])
    for row in await conn.fetch(*_SQL.portfolio_types(**months, **planned)):
        types[row["project"]][BenefitType(row["type"])] = _type_facts(row)
    rows = await conn.fetch(*_SQL.portfolio_measured(**months))
    bridges = {row["project"]: _bridges(row) for row in rows}
    verdicts = await read_verdicts(conn, ids)
    invested = await _invested(conn, book, windows)
    too_much: dict[int, list[Excess]] = defaultdict(list)
    for own in await excesses(conn, ids):
        too_much[own.project].append(own)
    return [
        ProjectFacts(
            one.project, one.end, types[one.project.id],
            bridges.get(one.project.id, Bridges()), invested[one.project.id],
            verdicts.get(one.project.id),
            [own for own in too_much[one.project.id] if own.month < one.end],
        )
        for one in windows
    ]  # fmt: skip


def planned_rows(projects: Sequence[Project]) -> dict[str, list[Any]]:
    """The parameters for what the plans of projects say that may yet be approved."""
    rows = [
        (one.id, month, str(kind), amount)
        for one in projects
        if one.freeze is None and one.state is not State.CANCELLED
        for (month, kind), amount in promised(one.plan.benefits).items()
    ]
    names = ("planned_projects", "planned_months", "planned_types", "planned_amounts")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _type_facts(row: Any) -> TypeFacts:
    sums = TypeSums(**{name: row[name] for name in TypeSums.__dataclass_fields__})
    validated = dict(zip(row["months"] or (), row["amounts"] or (), strict=True))
    return TypeFacts(sums, validated, row["waits_since"])


def _bridges(row: Any) -> Bridges:
    measured = Measured(gross=row["gross"], net=row["net"])
    return Bridges(row["months"], measured, row["first_reported"], row["restated"])


async def read_verdicts(conn: Connection, projects: Sequence[int]) -> dict[int, Verdict]:
    """The newest verdict about each project that has one."""
    rows = await conn.fetch(*_SQL.verdicts(projects=list(projects)))
    names = Verdict.__dataclass_fields__
    return {row["project"]: Verdict(**{name: row[name] for name in names}) for row in rows}


async def _invested(
    conn: Connection, book: RateBook, windows: Sequence[Window]
) -> dict[int, Flows]:
    """What was put in by month. A project that is not approved spends nothing, and one that is
    cancelled nothing after the plant's month of it."""
    ends = {one.project.id: _spends_until(book, one) for one in windows if one.project.freeze}
    flows: dict[int, list[Flows]] = defaultdict(list)
    for one in await investments(conn, list(ends)):
        flows[one.project].append(_months(one, ends[one.project]))
    return {window.project.id: added(flows[window.project.id]) for window in windows}


def _spends_until(book: RateBook, window: Window) -> date:
    last = window.project.steps[-1]
    if last.state is not State.CANCELLED:
        return window.end
    return min(window.end, month_after(day_in(book, window.project.plant, last.at)))


def _months(one: Investment, end: date) -> Mapping[date, Decimal]:
    return spending(one.first_month, one.last_month, one.amount, end, is_once=one.kind == "once")
