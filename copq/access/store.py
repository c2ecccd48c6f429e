"""Tokens in Postgres: their hashes, never their text."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.access.door import Role
from copq.access.limits import NO_LIMITS, Limits
from copq.access.sender import Lines, lines_in, lines_text
from copq.access.token import NewToken
from copq.database.queries import Queries

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token permits: its holder, role, lines (None: all), limits and expiry."""

    name: str
    role: Role
    lines: Lines | None = None
    limits: Limits = NO_LIMITS
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as it is stored."""

    grant: Grant
    token_id: str
    hash: bytes = field(repr=False)
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None


class NameTaken(Exception):
    """The name is, or was, the name of another token."""


async def lock_granting(conn: Connection) -> None:
    """Let nobody else make a token until the transaction ends."""
    await conn.execute(*_SQL.lock_granting())


async def add_token(conn: Connection, grant: Grant, token: NewToken, by: str) -> None:
    """Store a new token's hash. Raises `NameTaken`."""
    lines = lines_text(grant.lines)
    limits = grant.limits
    added = await conn.fetchval(
        *_SQL.add_token(
            name=grant.name,
            token_id=token.token_id,
            hash=token.hash,
            role=grant.role,
            lines=lines,
            requests_per_s=limits.requests,
            events_per_s=limits.events,
            bytes_per_s=limits.size,
            created_by=by,
            expires_at=grant.expires_at,
        ),
    )
    if added is None:
        raise NameTaken(grant.name)


async def all_tokens(conn: Connection) -> list[StoredToken]:
    """Every token that was ever made, oldest first."""
    return [_token_of(row) for row in await conn.fetch(*_SQL.all_tokens())]


async def revoke_token(conn: Connection, name: str, by: str) -> bool:
    """Revoke the token; False if no token has this name."""
    found: bool = await conn.fetchval(*_SQL.revoke_token(name=name, by=by))
    return found


async def mark_used(conn: Connection, names: list[str]) -> None:
    """Record that these tokens were used within the last minute."""
    await conn.execute(*_SQL.mark_used(names=names))


def _token_of(row: Any) -> StoredToken:
    limits = Limits(row["requests_per_s"], row["events_per_s"], row["bytes_per_s"])
    lines = lines_in(row["lines"])
    grant = Grant(row["name"], Role(row["role"]), lines, limits, row["expires_at"])
    return StoredToken(
        grant, row["token_id"], row["hash"], row["created_at"], row["created_by"],
        row["revoked_at"], row["revoked_by"], row["last_used_at"],
    )  # fmt: skip
