"""Granting access and withdrawing it: by an admin, within the admin's own lines."""

from asyncpg import Connection

from copq.access.authority import COMPANY, Actor, Place, sign
from copq.access.store import Grant, add_token, all_tokens, lock_granting, revoke_token
from copq.access.token import NewToken


async def grant_access(
    conn: Connection, admin: Actor, grant: Grant, token: NewToken, why: str
) -> None:
    """Store a new token. Raises `NameTaken`, or `OutOfScope` for more than the admin's lines."""
    admin.require(places_of(grant))
    async with conn.transaction():
        await lock_granting(conn)
        await sign(conn, admin, why)
        await add_token(conn, grant, token, admin.name)


async def withdraw_access(conn: Connection, admin: Actor, name: str, why: str) -> bool:
    """Revoke a token; False if no token has this name. Raises `OutOfScope` as above."""
    async with conn.transaction():
        await sign(conn, admin, why)
        for kept in await all_tokens(conn):
            if kept.grant.name == name:
                admin.require(places_of(kept.grant))
        return await revoke_token(conn, name, admin.name)


def places_of(grant: Grant) -> frozenset[Place]:
    """What a token is for: only an admin of all this grants or withdraws it."""
    return frozenset([COMPANY]) if grant.lines is None else frozenset(grant.lines)
