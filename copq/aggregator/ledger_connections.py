"""Connections to Postgres: one posts a batch while another receives the next batch."""

from asyncpg import Connection

from copq.database.connections import STATEMENT_S, DatabaseRole, connect
from copq.posting.post import prepare


class LedgerConnections:
    """Each connection has one user, from `take` to `give_back` or `drop`."""

    def __init__(self, dsn: str, idle_s: float) -> None:
        """A worker that is frozen within a transaction for `idle_s` loses it, and one that is
        frozen while it copies rows once a statement may last no longer: the others need not wait
        for its locks."""
        self._dsn, self._idle_s = dsn, idle_s
        self._open: set[Connection] = set()
        self._idle: list[Connection] = []

    async def take(self) -> Connection:
        """An idle connection, or a new one. Raises an error of `AWAY`."""
        while self._idle:
            conn = self._idle.pop()
            if not conn.is_closed():
                return conn
            self.drop(conn)
        return await self._connect()

    def give_back(self, conn: Connection) -> None:
        """Return a connection without an open transaction, ready for the next batch."""
        self._idle.append(conn)

    def drop(self, conn: Connection) -> None:
        """Close the connection; Postgres rolls back its transaction."""
        conn.terminate()
        self._open.discard(conn)

    def drop_all(self) -> None:
        """Close all connections, also those in use."""
        for conn in list(self._open):
            self.drop(conn)
        self._idle = []

    async def _connect(self) -> Connection:
        conn = await connect(self._dsn, DatabaseRole.AGGREGATOR)
        self._open.add(conn)
        # If the server crashes, it loses the batch together with its fence, and the batch is read
        # again.
        await conn.execute("set synchronous_commit = off")
        await conn.execute(f"set statement_timeout = '{STATEMENT_S}s'")
        await conn.execute(f"set idle_in_transaction_session_timeout = '{self._idle_s:.0f}s'")
        await prepare(conn)
        return conn
