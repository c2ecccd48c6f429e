"""Who orders something for a project and why, and what is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from asyncpg import Connection, RestrictViolationError

from copq.access.authority import Actor, sign
from copq.access.door import Role
from copq.database.queries import Queries
from copq.projects.store import Project, ProjectError, project

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Order:
    """The person who orders something, and the reason."""

    actor: Actor
    why: str = ""

    @property
    def by(self) -> str:
        return self.actor.name

    def as_owner(self, project: Project, what: str) -> None:
        """Raise `ProjectError` unless the person owns the project, or decides for finance."""
        if self.by != project.owner and self.actor.role is not Role.FINANCE:
            raise ProjectError(
                f'"{self.by}" does not own {project}: its owner "{project.owner}" {what}, or '
                "finance"
            )

    def as_finance(self, project: Project, what: str) -> None:
        """Raise `ProjectError` if the person owns the project, or once did."""
        if self.by in project.owners:
            raise ProjectError(
                f'"{self.by}" owns {project}, or once did: another person of finance {what}'
            )

    def with_reason(self, what: str) -> None:
        """Raise `ProjectError` unless there is a reason."""
        if not self.why.strip():
            raise ProjectError(f"say why you {what}: --why")


async def hold(conn: Connection, plant: str, name: str) -> None:
    """Let nobody else order anything for the project until the caller's transaction ends.

    What is read afterwards is what the order is about. Raises `UnknownProject`.
    """
    one = await project(conn, plant, name)
    await conn.execute(*_SQL.hold_project(project=one.id))


@asynccontextmanager
async def ordered(conn: Connection, of: Project, order: Order) -> AsyncIterator[None]:
    """A transaction in which nobody else orders anything for the project.

    It is signed. Raises `OutOfScope` where the actor's token is not for the whole plant, and
    `ProjectError` for what Postgres refuses.
    """
    order.actor.require([(of.plant, None)])
    try:
        async with conn.transaction(isolation="read_committed"):
            await sign(conn, order.actor, order.why)
            await conn.execute(*_SQL.hold_project(project=of.id))
            yield
    except RestrictViolationError as error:
        raise said_by_postgres(error) from error


def said_by_postgres(error: RestrictViolationError) -> ProjectError:
    """What a guard of the database refused, and what it says to do."""
    hint = f". {error.hint}" if error.hint else ""
    return ProjectError(f"{error.message}{hint}")
