"""Which ledger an import goes to: one that was made again has none of what was sent before."""

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


async def ledger_identity(conn: Connection) -> str:
    """A text that differs from ledger to ledger. A first rate file changes it, harmlessly."""
    identity: str = await conn.fetchval(*_SQL.ledger_identity())
    return identity
