"""Improvement projects as Postgres has them: state, owner, plan, and what counts of each list."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.improvement.projects.plan import BenefitType, Plan
from copq.improvement.projects.states import State
from copq.ledger.arithmetic import MONEY, ZERO
from copq.projects.plan_json import plan_of
from copq.rates.names import name_list
from copq.schemas.refusal import nearest

_SQL = Queries.of(__file__)


class ProjectError(ValueError):
    """It is not possible for this project; the message says why and what to do."""


class UnknownProject(ProjectError):
    """No project of the plant has this name; the message lists those that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenStep:
    """A step of a project's life, and the state that it led to."""

    what: str
    state: State
    at: datetime
    by: str
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """What approval froze: rates are those of `revision` in force at `rates_at`, at all times;
    entries of the baseline are those booked until `booked_until`."""

    plan: int
    revision: int
    rates_at: datetime
    booked_until: datetime
    currency: str
    sha256: bytes
    frozen_at: datetime
    frozen_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project as it is now. `owners` are all persons who ever owned it; `freeze` is None until
    approval."""

    id: int
    plant: str
    name: str
    owner: str
    sponsor: str
    owners: frozenset[str]
    proposed_at: datetime
    proposed_by: str
    plan: Plan
    plan_number: int
    freeze: Freeze | None
    steps: tuple[TakenStep, ...]

    @property
    def state(self) -> State:
        return self.steps[-1].state

    def __str__(self) -> str:
        return f'project "{self.name}" of {self.plant}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Investment:
    """Money put in: `amount` in its first month, or in each month from the first to the last
    (None: without end)."""

    project: int
    name: str
    kind: str
    first_month: date
    last_month: date | None
    amount: Decimal
    currency: str
    set_at: datetime
    set_by: str
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    project: int
    month: date
    type: BenefitType
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the owner now expects of a month."""

    project: int
    month: date
    type: BenefitType
    amount: Decimal
    set_at: datetime
    set_by: str
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NonRoutine:
    """An amount that is not work of the project. It counts if its `decision` is "accepted"."""

    number: int
    project: int
    month: date
    amount: Decimal
    reason: str
    evidence: str
    set_at: datetime
    set_by: str
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """The baseline of another product for one without. It counts if it is "accepted"."""

    number: int
    project: int
    line: str
    product: str
    like_line: str
    like_product: str
    reason: str
    set_at: datetime
    set_by: str
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How the projects that share cells divide their saving, from a month on."""

    plant: str
    from_month: date
    shares: dict[int, Fraction]
    set_at: datetime
    set_by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the owner claims of a month; it rests on a version of the month's bridge."""

    number: int
    project: int
    month: date
    version: int
    type: BenefitType
    amount: Decimal
    note: str | None
    claimed_at: datetime
    claimed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What finance made of a claim; `closing` is the closing of its month that it rests on."""

    number: int
    claim: int
    project: int
    month: date
    type: BenefitType
    decision: str
    amount: Decimal
    in_budget: Decimal
    closing: int
    note: str
    decided_at: datetime
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A month of which more is validated, as hard savings and avoidance, than it saves by its
    newest bridge: it was restated `since`, and with a `net` of None it can no longer be compared.
    Finance validates it again."""

    project: int
    month: date
    validated: Decimal
    net: Decimal | None
    since: datetime

    @property
    def amount(self) -> Decimal:
        return MONEY.subtract(self.validated, max(self.net or ZERO, ZERO))


async def projects(
    conn: Connection, plant: str | None = None, name: str | None = None
) -> list[Project]:
    """All projects of a plant (None: of all plants), by plant and name."""
    rows = await conn.fetch(*_SQL.projects(plant=plant, name=name))
    ids = [row["project"] for row in rows]
    steps: dict[int, list[TakenStep]] = defaultdict(list)
    for row in await conn.fetch(*_SQL.project_steps(projects=ids)):
        steps[row["project"]].append(_step(row))
    return [_project(row, steps[row["project"]]) for row in rows]


async def project(conn: Connection, plant: str, name: str) -> Project:
    """The project of this name. Raises `UnknownProject`."""
    found = await projects(conn, plant, name)
    if not found:
        names = [one.name for one in await projects(conn, plant)]
        raise UnknownProject(
            f'no project of {plant} has the name "{name}"; its projects: '
            f"{name_list(names)}{nearest(name, names)}"
        )
    return found[0]


async def evidence(conn: Connection, project: int) -> str | None:
    """The JSON text that approval froze; None before."""
    found: str | None = await conn.fetchval(*_SQL.project_evidence(project=project))
    return found


async def investments(conn: Connection, projects: Iterable[int]) -> list[Investment]:
    """What counts of the investments of these projects, by project, first month and name."""
    rows = await conn.fetch(*_SQL.project_investments(projects=list(projects)))
    return [Investment(**row) for row in rows]


async def promises(conn: Connection, projects: Iterable[int]) -> list[Promise]:
    """The frozen promises, by project, month and type."""
    rows = await conn.fetch(*_SQL.project_promises(projects=list(projects)))
    return [Promise(**_typed(row)) for row in rows]


async def forecasts(conn: Connection, projects: Iterable[int]) -> list[Forecast]:
    """The newest forecast of each month and type."""
    rows = await conn.fetch(*_SQL.project_forecasts(projects=list(projects)))
    return [Forecast(**_typed(row)) for row in rows]


async def non_routine(conn: Connection, projects: Iterable[int]) -> list[NonRoutine]:
    """All non-routine amounts, by project and month, also those not decided and rejected."""
    rows = await conn.fetch(*_SQL.project_non_routine(projects=list(projects)))
    return [NonRoutine(**row) for row in rows]


async def accepted_amounts(
    conn: Connection, projects: Iterable[int]
) -> dict[tuple[int, date], dict[str, Decimal]]:
    """The accepted non-routine amounts of each project and month that has some, by evidence."""
    found: dict[tuple[int, date], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in await non_routine(conn, projects):
        if one.decision == "accepted":
            found[one.project, one.month][one.evidence] += one.amount
    return dict(found)


async def substitutes(conn: Connection, projects: Iterable[int]) -> list[Substitute]:
    """All substitute baselines, also those not decided and rejected; a later one of the same line
    and product comes last."""
    rows = await conn.fetch(*_SQL.project_substitutes(projects=list(projects)))
    return [Substitute(**row) for row in rows]


async def shares(conn: Connection, plant: str | None = None) -> list[Shares]:
    """The newest shares of each set of projects and month, earlier months first."""
    rows = await conn.fetch(*_SQL.project_shares(plant=plant))
    return [Shares(**{**row, "shares": _fractions(row["shares"])}) for row in rows]


async def claims(conn: Connection, projects: Iterable[int]) -> list[Claim]:
    """The newest claim of each month and type."""
    rows = await conn.fetch(*_SQL.project_claims(projects=list(projects)))
    return [Claim(**_typed(row)) for row in rows]


async def validations(conn: Connection, projects: Iterable[int]) -> list[Validation]:
    """The newest validation of each month and type; it may be of an earlier claim."""
    rows = await conn.fetch(*_SQL.project_validations(projects=list(projects)))
    return [Validation(**_typed(row)) for row in rows]


async def excesses(conn: Connection, projects: Iterable[int] | None) -> list[Excess]:
    """The months of these projects (None: of all) whose validated savings are too high now."""
    asked = None if projects is None else list(projects)
    return [Excess(**row) for row in await conn.fetch(*_SQL.project_excesses(projects=asked))]


def _project(row: Record, steps: list[TakenStep]) -> Project:
    return Project(
        id=row["project"], plant=row["plant"], name=row["name"], owner=row["owner"],
        sponsor=row["sponsor"], owners=frozenset(row["owners"]), proposed_at=row["proposed_at"],
        proposed_by=row["proposed_by"], plan=plan_of(json.loads(row["plan"])),
        plan_number=row["plan_number"], freeze=_freeze(row), steps=tuple(steps),
    )  # fmt: skip


def _freeze(row: Record) -> Freeze | None:
    if row["freeze_plan"] is None:
        return None
    names = ("revision", "rates_at", "booked_until", "currency", "sha256", "frozen_at", "frozen_by")
    return Freeze(plan=row["freeze_plan"], **{name: row[name] for name in names})


def _step(row: Record) -> TakenStep:
    return TakenStep(
        what=row["what"], state=State(row["state"]), at=row["taken_at"], by=row["taken_by"],
        why=row["why"],
    )  # fmt: skip


def _typed(row: Record) -> dict[str, Any]:
    return {**row, "type": BenefitType(row["type"])}


def _fractions(text: str) -> dict[int, Fraction]:
    return {int(project): Fraction(share) for project, share in json.loads(text).items()}
