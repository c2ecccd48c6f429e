"""On whose word a command acts."""

import asyncpg
import pytest

from copq.access.authority import Actor, identify_actor
from copq.access.door import NotAllowed, Role
from copq.access.store import Grant, add_token, revoke_token
from copq.access.token import new_token


async def _token(conn: asyncpg.Connection, name: str, role: Role) -> str:
    token = new_token()
    await add_token(conn, Grant(name, role), token, "test")
    return token.text


async def test_who_is_at_the_machine_is_believed_while_nobody_has_the_role(
    conn: asyncpg.Connection,
) -> None:
    operator = await _token(conn, "press", Role.OPERATOR)
    for token in (None, operator, "copq_nonsense"):
        assert await identify_actor(conn, Role.FINANCE, token, "anna") == Actor("anna")


async def test_from_the_first_token_of_the_role_one_is_needed(conn: asyncpg.Connection) -> None:
    operator = await _token(conn, "press", Role.OPERATOR)
    finance = await _token(conn, "carla", Role.FINANCE)
    assert await identify_actor(conn, Role.FINANCE, finance, "anna") == Actor("carla", Role.FINANCE)
    for token, says in (
        (None, "set COPQ_TOKEN"), (operator, '"press" is operator'), ("copq_x_y", "no valid token"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match=says):
            await identify_actor(conn, Role.FINANCE, token, "anna")
    with pytest.raises(NotAllowed, match='"carla" is finance'):
        await _token(conn, "root", Role.ADMIN)
        await identify_actor(conn, Role.ADMIN, finance, "anna")


async def test_a_revoked_token_gives_no_authority(conn: asyncpg.Connection) -> None:
    first = await _token(conn, "carla", Role.FINANCE)
    await _token(conn, "carlo", Role.FINANCE)
    await revoke_token(conn, "carla", "test")
    with pytest.raises(NotAllowed, match="no valid token"):
        await identify_actor(conn, Role.FINANCE, first, "anna")


async def test_several_roles_may_do_what_is_not_one_roles_alone(conn: asyncpg.Connection) -> None:
    operator = await _token(conn, "press", Role.OPERATOR)
    either = (Role.MANAGER, Role.FINANCE)
    assert await identify_actor(conn, either[0], None, "anna", *either[1:]) == Actor("anna")
    finance = await _token(conn, "carla", Role.FINANCE)
    found = await identify_actor(conn, either[0], finance, "anna", *either[1:])
    assert found == Actor("carla", Role.FINANCE)
    with pytest.raises(NotAllowed, match='"press" is operator; this is for manager or finance'):
        await identify_actor(conn, either[0], operator, "anna", *either[1:])
