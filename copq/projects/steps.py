"""The steps of a project's life that are decisions alone; approval has a module of its own."""

from asyncpg import Connection

from copq.database.queries import Queries
from copq.improvement.projects.states import RULES, Role, Step, StepRefused, next_state
from copq.projects.order import Order, ordered
from copq.projects.store import Project, ProjectError, project

_SQL = Queries.of(__file__)


async def take(conn: Connection, plant: str, name: str, step: Step, order: Order) -> Project:
    """The project after a step, in a transaction of its own.

    Raises `ProjectError` where the project cannot take it now, or the person may not.
    """
    before = await project(conn, plant, name)
    async with ordered(conn, before, order):
        before = await project(conn, plant, name)
        await add_step(conn, before, step, order)
    return await project(conn, plant, name)


async def add_step(conn: Connection, before: Project, step: Step, order: Order) -> None:
    """Add a step in the caller's transaction. Raises as `take`."""
    if RULES[step].role is Role.OWNER:
        order.as_owner(before, f"may {step} it")
    try:
        state = next_state(
            before.state, step, by=order.by, owners=before.owners, reason=order.why
        )  # fmt: skip
    except StepRefused as error:
        raise ProjectError(f"{before}: {error}") from None
    row = {"project": before.id, "what": str(step), "state": str(state), "by": order.by}
    await conn.execute(*_SQL.add_project_step(**row, why=order.why or None))
