"""The version of a project: it grows with everything that is said or decided about it."""

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


async def version_of_project(conn: Connection, plant: str, name: str) -> str | None:
    """An ETag of the project; None if there is none, or the reader may not see it."""
    row = await conn.fetchrow(*_SQL.project_version(plant=plant, name=name))
    return None if row is None else f'"{row["project"]}.{row["version"]}"'
