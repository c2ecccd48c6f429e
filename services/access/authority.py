"""On whose word a command acts: set rates, close a period, grant access.

As long as nobody holds a token of the role that is needed, nobody can be told apart, and whoever
is at the machine is taken at their word. From the first such token on one of them is asked for.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from asyncpg import Connection

from services.access.door import NotAllowed, Role
from services.access.store import KeptToken, all_tokens
from services.access.token import fits, id_of
from services.sql_files import statement

_SIGN = statement(__file__, "sign")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts; `role` is None where nobody has shown a token, and none was asked for."""

    name: str
    role: Role | None = None


async def acting(conn: Connection, role: Role, token: str | None, person: str) -> Actor:
    """Who acts in `role`: the holder of `token`, or else `person`, taken at their word.

    Raises `NotAllowed`, which says what to do.
    """
    kept = await all_tokens(conn)
    if not any(_is_valid(found) and found.grant.role is role for found in kept):
        return Actor(person)
    if token is None:
        raise NotAllowed(f"this is for {role}: set COPQ_TOKEN to a token of that role")
    found = next((k for k in kept if k.token_id == id_of(token) and fits(token, k.hash)), None)
    if found is None or not _is_valid(found):
        raise NotAllowed(f"COPQ_TOKEN holds no valid token; this is for {role}")
    if found.grant.role is not role:
        raise NotAllowed(f'"{found.grant.name}" is {found.grant.role}; this is for {role}')
    return Actor(found.grant.name, role)


def _is_valid(token: KeptToken) -> bool:
    expires = token.grant.expires_at
    return token.revoked_at is None and (expires is None or expires > datetime.now(UTC))


async def sign(conn: Connection, actor: Actor, why: str) -> None:
    """Say who changes things, and why, until the caller's transaction ends."""
    await conn.execute(_SIGN, actor.name, why)
