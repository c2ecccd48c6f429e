"""The door on a real Postgres: who is let in, and what it knows while Postgres is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from copq.access.door import Door, NotAdmitted, NotAllowed, Role, TooMuch
from copq.access.limits import Limits
from copq.access.token_door import TokenDoor
from copq.web.unavailable import Unavailable
from tests.support.access.serving import Clock, grant, revoke, run
from tests.support.faults.own_postgres import OwnPostgres
from tests.support.faults.processes import until
from tests.support.patience import PATIENCE_S


@asynccontextmanager
async def reading(door: TokenDoor) -> AsyncIterator[TokenDoor]:
    task = asyncio.create_task(door.run())
    try:
        yield door
    finally:
        task.cancel()


async def lets_in(door: Door, token: str | None, *roles: Role) -> bool:
    with suppress(NotAdmitted):
        return bool(await door.admit(token, frozenset(roles) or None))
    return False


async def test_a_token_says_who_it_is_and_which_lines(database: str) -> None:
    token = await grant(database, "press-4", lines=frozenset({("north", "L1"), ("south", None)}))
    async with reading(TokenDoor(database)) as door:
        bearer = await door.admit(token)
    assert bearer.role is Role.OPERATOR and bearer.sender.name == "press-4"
    for plant, line, may in (("north", "L1", True), ("north", "L2", False), ("south", "X", True)):
        assert bearer.sender.may_report(plant, line) is may


@pytest.mark.parametrize("token", [None, "", "copq_", "copq_000000000000_x", "Bearer", "é\x00"])
async def test_what_is_no_known_token_is_turned_away(database: str, token: str | None) -> None:
    await grant(database, "somebody")
    async with reading(TokenDoor(database)) as door:
        with pytest.raises(NotAdmitted):
            await door.admit(token)


async def test_a_right_id_with_a_wrong_secret_is_turned_away(database: str) -> None:
    token = await grant(database, "press-4")
    async with reading(TokenDoor(database)) as door:
        assert await lets_in(door, token)
        assert not await lets_in(door, token[:-4] + "AAAA")
        assert not await lets_in(door, token + "A")


async def test_a_token_made_just_now_opens_at_once(database: str) -> None:
    async with reading(TokenDoor(database)) as door:
        assert not await lets_in(door, None)
        assert await lets_in(door, await grant(database, "new"))


async def test_a_revoked_token_is_out_by_itself(database: str) -> None:
    token = await grant(database, "press-4")
    async with reading(TokenDoor(database)) as door:
        assert await lets_in(door, token)
        await revoke(database, "press-4")
        await until(lambda: _is_out(door, token), "it is out", seconds=60)


async def _is_out(door: Door, token: str | None) -> bool:
    return not await lets_in(door, token)


async def test_a_token_expires_to_the_second_by_the_clock(database: str) -> None:
    clock = Clock()
    token = await grant(database, "shift", expires_at=clock.now + timedelta(hours=8))
    async with reading(TokenDoor(database, clock=clock)) as door:
        clock.now += timedelta(hours=8) - timedelta(seconds=1)
        assert await lets_in(door, token)
        clock.now += timedelta(seconds=1)
        with pytest.raises(NotAdmitted, match="expired"):
            await door.admit(token)


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_opens_what_is_for_it_alone(database: str, role: Role) -> None:
    token = await grant(database, "somebody", role)
    async with reading(TokenDoor(database)) as door:
        for other in Role:
            if other is role:
                assert await lets_in(door, token, other)
            else:
                with pytest.raises(NotAllowed, match=f"is {role}; this is for {other}"):
                    await door.admit(token, frozenset({other}))


async def test_on_a_machine_of_ones_own_it_is_open_until_the_first_token(database: str) -> None:
    async with reading(TokenDoor(database, needs_token=False)) as door:
        assert await lets_in(door, None, Role.FINANCE) and await lets_in(door, "anything")
        token = await grant(database, "first")
        await until(lambda: _is_out(door, None), "it asks for tokens", seconds=60)
        assert await lets_in(door, token)
        await revoke(database, "first")
        await until(lambda: _is_out(door, token), "revoked, and not open again", seconds=60)
        assert not await lets_in(door, None)


async def test_whoever_shows_the_first_token_at_once_is_known_by_it(database: str) -> None:
    async with reading(TokenDoor(database, needs_token=False)) as door:
        assert await lets_in(door, None)
        token = await grant(database, "first")
        assert (await door.admit(token)).sender.name == "first"


async def test_limits_are_those_of_the_token(database: str) -> None:
    now = 0.0
    slow = await grant(database, "slow", limits=Limits(events=1))
    fast = await grant(database, "fast")
    async with reading(TokenDoor(database, monotonic=lambda: now)) as door:
        one, other = await door.admit(slow), await door.admit(fast)
        door.charge(one, events=10)
        with pytest.raises(TooMuch):
            door.charge(one, events=1)
        door.charge(other, events=10**6)
        now = 1.0
        door.charge(one, events=1)


async def test_without_postgres_nobody_can_say_and_with_it_again_the_known_stay_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    postgres = await asyncio.to_thread(OwnPostgres, tmp_path / "data")
    try:
        known, unread = await grant(postgres.database, "known"), "copq_000000000000_unread"
        async with reading(TokenDoor(postgres.database)) as door:
            assert await lets_in(door, known)
            postgres.kill()
            for _ in range(3):
                assert await lets_in(door, known)
                with pytest.raises(Unavailable):
                    await door.admit(unread)
            assert any("tokens stay as they are since" in r.message for r in caplog.records)
            async with reading(TokenDoor(postgres.database, needs_token=False)) as blind:
                with pytest.raises(Unavailable):
                    await blind.admit(None)
            await asyncio.to_thread(postgres.start)
            await until(lambda: _is_surely_out(door, unread), "it is read again")
    finally:
        await asyncio.to_thread(postgres.close)


async def _is_surely_out(door: Door, token: str) -> bool:
    """Whether the door refuses the token; not if it cannot check it."""
    with suppress(Unavailable):
        return await _is_out(door, token)
    return False


async def test_a_frozen_postgres_keeps_nobody_waiting_for_long(tmp_path: Path) -> None:
    postgres = await asyncio.to_thread(OwnPostgres, tmp_path / "data")
    try:
        known = await grant(postgres.database, "known")
        async with reading(TokenDoor(postgres.database)) as door:
            assert await lets_in(door, known)
            postgres.freeze()
            assert await lets_in(door, known)
            with pytest.raises(Unavailable):
                await asyncio.wait_for(door.admit("copq_000000000000_x"), PATIENCE_S)
    finally:
        await asyncio.to_thread(postgres.close)


@pytest.mark.parametrize(
    "sql",
    [
        "delete from copq.token",
        "update copq.token set role = 'admin'",
        "update copq.token set lines = null",
        "update copq.token set revoked_at = null, revoked_by = null",
        "update copq.token set expires_at = null",
        "update copq.token set name = 'other'",
    ],
)
async def test_a_token_can_only_be_revoked(database: str, sql: str) -> None:
    await grant(database, "gone", lines=frozenset({("north", None)}), expires_at=Clock().now)
    await revoke(database, "gone")
    with pytest.raises(asyncpg.RestrictViolationError, match="can only be revoked"):
        await run(database, sql)
