"""The version of what finance sets: its newest decision in the audit trail."""

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


async def version_of(conn: Connection, *tables: str) -> str:
    """An ETag that changes with each decision in one of these tables."""
    subjects = [f"copq.{table}" for table in tables]
    seq = await conn.fetchval(*_SQL.newest_decision(subjects=subjects))
    return f'"{tables[0]}.{seq}"'
