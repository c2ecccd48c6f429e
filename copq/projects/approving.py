"""Approval: finance freezes plan, rates, baseline and promise of a project, in one transaction."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from asyncpg import Connection, RestrictViolationError, UniqueViolationError

from copq.access.authority import sign
from copq.database.queries import Queries
from copq.improvement.projects.states import Step
from copq.projects.evidence import Frozen, digest_of, evidence_of
from copq.projects.order import Order, said_by_postgres
from copq.projects.plan_json import plan_json
from copq.projects.scope_check import ledger_part
from copq.projects.sizing import Measure, Sized, measure_plan
from copq.projects.steps import add_step
from copq.projects.store import Project, ProjectError, project
from copq.rates.store import load

_SQL = Queries.of(__file__)


async def approve(
    conn: Connection, plant: str, name: str, measure: Measure, order: Order, now: datetime
) -> tuple[Project, Sized]:
    """Freeze a project and take the step, or do neither. Runs a transaction of its own.

    All of it is read in one snapshot of the ledger, that of `booked_until`: no batch is booked in
    the instant in which it begins. Raises `ProjectError`.
    """
    before = await project(conn, plant, name)
    order.actor.require([(plant, None)])
    try:
        async with _alone(conn, before), _cut(conn, order) as booked_until:
            before = await project(conn, plant, name)
            book = await load(conn)
            order.as_finance(before, "may approve it")
            sized = await measure_plan(conn, before.plan, book, measure, now)
            await _freeze(conn, before, sized, book.revision, booked_until, order)
    except UniqueViolationError:
        raise ProjectError(f"{before}: somebody else took a step at the same time") from None
    except RestrictViolationError as error:
        raise said_by_postgres(error) from error
    return await project(conn, plant, name), sized


@asynccontextmanager
async def _alone(conn: Connection, one: Project) -> AsyncIterator[None]:
    """Nobody else orders anything for the project meanwhile."""
    await conn.execute(*_SQL.hold_project_apart(project=one.id))
    try:
        yield
    finally:
        await conn.execute(*_SQL.free_project(project=one.id))


@asynccontextmanager
async def _cut(conn: Connection, order: Order) -> AsyncIterator[datetime]:
    """A signed transaction whose snapshot has all that was booked until then, and nothing later."""
    await conn.execute(*_SQL.hold_bookings())
    held = True
    try:
        async with conn.transaction(isolation="repeatable_read"):
            at: datetime = await conn.fetchval(*_SQL.clock())
            await conn.execute(*_SQL.free_bookings())
            held = False
            await sign(conn, order.actor, order.why)
            yield at
    finally:
        if held:
            await conn.execute(*_SQL.free_bookings())


async def _freeze(
    conn: Connection, before: Project, sized: Sized, revision: int, booked_until: datetime,
    order: Order,
) -> None:  # fmt: skip
    frozen = Frozen(
        name=before.name, owner=before.owner, sponsor=before.sponsor, plan=sized.plan,
        revision=revision, rates_at=sized.rates_at, rates=sized.measured.rates,
        booked_until=booked_until, ledger=await ledger_part(conn, sized.plan, booked_until),
        baseline=sized.measured.baseline,
    )  # fmt: skip
    plan = await _plan_number(conn, before, sized, order)
    await conn.execute(*_SQL.add_freeze(**_row(before, plan, frozen, order)))
    promise = [
        {"project": before.id, "month": month, "type": str(kind), "amount": amount}
        for (month, kind), amount in frozen.promise.items()
    ]
    await conn.executemany(*_SQL.add_promise.rows(promise))
    await add_step(conn, before, Step.APPROVE, order)


async def _plan_number(conn: Connection, before: Project, sized: Sized, order: Order) -> int:
    """The plan that is frozen: a new one if a group was written as its products."""
    if sized.plan == before.plan:
        return before.plan_number
    row = {"project": before.id, "content": json.dumps(plan_json(sized.plan)), "by": order.by}
    source = f"group {sized.plan.group} of {sized.plan.grouping}"
    number: int = await conn.fetchval(*_SQL.add_plan(**row, source=source, why=order.why or None))
    return number


def _row(before: Project, plan: int, frozen: Frozen, order: Order) -> dict[str, Any]:
    evidence = evidence_of(frozen)
    return {
        "project": before.id,
        "plan": plan,
        "revision": frozen.revision,
        "rates_at": frozen.rates_at,
        "booked_until": frozen.booked_until,
        "currency": frozen.plan.currency,
        "evidence": evidence,
        "sha256": digest_of(evidence),
        "by": order.by,
    }
