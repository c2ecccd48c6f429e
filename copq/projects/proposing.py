"""Importing projects: new ones are proposed, and those not approved yet may change their plan."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor, sign
from copq.access.door import Role
from copq.database.queries import Queries
from copq.improvement.projects.states import FROZEN, State
from copq.projects.checks import misfits
from copq.projects.plan_json import plan_json, plan_of_item
from copq.projects.store import Investment, Project, investments, projects
from copq.rates.book import RateBook
from copq.rates.file import RateFileError
from copq.schemas.projects import InvestmentItem, ProjectFile, ProjectItem

_SQL = Queries.of(__file__)
PROPOSE = "propose"


@dataclass(frozen=True, slots=True)
class Imported:
    """How many projects of a file were new, changed or unchanged."""

    new: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class _Import:
    """What is the same for all items of one import."""

    conn: Connection
    source: str
    actor: Actor
    why: str

    @property
    def origin(self) -> dict[str, Any]:
        return {"by": self.actor.name, "why": self.why or None}


async def import_projects(
    conn: Connection, file: ProjectFile, book: RateBook, source: str, actor: Actor, why: str = ""
) -> Imported:
    """Propose the projects of a file, and change what differs, all or nothing, in one transaction.

    Raises `RateFileError` where an item does not fit the rate book, or changes what approval froze;
    `OutOfScope` where the actor's token is not for a whole plant.
    """
    actor.require([(item.plant, None) for item in file.projects])
    if faults := misfits(file.projects, book):
        raise RateFileError(faults)
    async with conn.transaction(isolation="read_committed"):
        await sign(conn, actor, why)
        known = {(one.plant, one.name): one for one in await projects(conn)}
        pairs = [(item, known.get((item.plant, item.name))) for item in file.projects]
        invested = await _invested(conn, known.values())
        faults = [
            fault
            for item, one in pairs if one
            for fault in _faults(item, one, invested.get(one.id, {}), actor)
        ]  # fmt: skip
        if faults:
            raise RateFileError(faults)
        one_import = _Import(conn, source, actor, why)
        changed = [await _store(one_import, item, one) for item, one in pairs if one]
        for item, one in pairs:
            if one is None:
                await _propose(one_import, item)
    return Imported(len(pairs) - len(changed), sum(changed), len(changed) - sum(changed))


async def _invested(conn: Connection, known: Iterable[Project]) -> dict[int, dict[str, Investment]]:
    """What counts of the investments of each project, by name."""
    found: dict[int, dict[str, Investment]] = defaultdict(dict)
    for one in await investments(conn, [project.id for project in known]):
        found[one.project][one.name] = one
    return found


def _faults(
    item: ProjectItem, known: Project, invested: Mapping[str, Investment], actor: Actor
) -> Iterator[str]:
    """Why a person cannot import this item for a project that there is."""
    if known.state in FROZEN:
        yield from _frozen(item, known, invested)
    elif actor.name not in (known.owner, known.proposed_by) and actor.role is not Role.FINANCE:
        yield (
            f'"{actor.name}" does not own {known}: its owner "{known.owner}" changes it, the '
            "person who proposed it, or finance"
        )


def _frozen(item: ProjectItem, known: Project, invested: Mapping[str, Investment]) -> Iterator[str]:
    name = f'project "{item.name}" of {item.plant} is {known.state}'
    if plan_json(plan_of_item(item)) != _as_written(known):
        yield (
            f"{name}: its plan is frozen. Say what you expect now with copq projects forecast, or "
            "propose another project"
        )
    elif (item.owner, item.sponsor) != (known.owner, known.sponsor):
        yield f"{name}: change its owner or sponsor with copq projects own"
    elif any(_says_more(one, invested.get(one.name)) for one in item.investments):
        yield f"{name}: change what is put into it with copq projects invest"


def _as_written(known: Project) -> dict[str, Any]:
    """The plan as its file said it: with the group, without the group's products."""
    content = plan_json(known.plan)
    scope = content["scope"]
    if known.plan.group:
        content["scope"] = {field: scope[field] for field in scope if field != "product"}
    return content


async def _propose(one: _Import, item: ProjectItem) -> None:
    named = {"plant": item.plant, "name": item.name, "by": one.actor.name}
    project = await one.conn.fetchval(*_SQL.add_project(**named))
    await _add_owner(one, project, item)
    await _add_plan(one, project, item)
    step = {"what": PROPOSE, "state": str(State.PROPOSED), **one.origin}
    await one.conn.execute(*_SQL.add_project_step(project=project, **step))
    await _add_investments(one, project, item.currency, item.investments)


async def _store(one: _Import, item: ProjectItem, known: Project) -> bool:
    """Store what an item says more than is known; whether it did."""
    await one.conn.execute(*_SQL.hold_project(project=known.id))
    owner = (item.owner, item.sponsor) != (known.owner, known.sponsor)
    plan = plan_json(plan_of_item(item)) != _as_written(known)
    invested = (await _invested(one.conn, [known])).get(known.id, {})
    changed = [i for i in item.investments if _says_more(i, invested.get(i.name))]
    if owner:
        await _add_owner(one, known.id, item)
    if plan:
        await _add_plan(one, known.id, item)
    await _add_investments(one, known.id, item.currency, changed)
    return owner or plan or bool(changed)


async def _add_owner(one: _Import, project: int, item: ProjectItem) -> None:
    row = {"project": project, "owner": item.owner, "sponsor": item.sponsor, **one.origin}
    await one.conn.execute(*_SQL.add_owner(**row))


async def _add_plan(one: _Import, project: int, item: ProjectItem) -> None:
    content = json.dumps(plan_json(plan_of_item(item)))
    row = {"project": project, "content": content, "source": one.source, **one.origin}
    await one.conn.execute(*_SQL.add_plan(**row))


async def _add_investments(
    one: _Import, project: int, currency: str, items: Iterable[InvestmentItem]
) -> None:
    rows = [{**dict(i), "currency": currency, "project": project, **one.origin} for i in items]
    await one.conn.executemany(*_SQL.add_investment.rows(rows))


def _says_more(item: InvestmentItem, known: Investment | None) -> bool:
    names = ("kind", "first_month", "last_month", "amount")
    return known is None or any(getattr(item, n) != getattr(known, n) for n in names)
