"""What comes in while a group is being stored makes the next group."""

import asyncio

import pytest

from copq.ingest.gathering import GroupCommit


async def test_callers_that_come_in_meanwhile_share_a_group_and_get_their_own_answer() -> None:
    groups: list[list[int]] = []

    async def store(items: list[int]) -> list[int]:
        groups.append(items)
        await asyncio.sleep(0)
        return [item * 10 for item in items]

    gathering = GroupCommit(store, lambda item: 1, most=3)
    assert await asyncio.gather(*map(gathering.submit, range(8))) == [n * 10 for n in range(8)]
    assert groups == [[0, 1, 2], [3, 4, 5], [6, 7]]


async def test_what_is_heavier_than_a_group_goes_alone() -> None:
    groups: list[list[int]] = []

    async def store(items: list[int]) -> list[int]:
        groups.append(items)
        return items

    gathering = GroupCommit(store, lambda item: item, most=5)
    await asyncio.gather(*map(gathering.submit, (9, 2, 3, 9)))
    assert groups == [[9], [2, 3], [9]]


async def test_a_failure_is_that_of_its_group_alone() -> None:
    async def store(items: list[int]) -> list[int]:
        if 0 in items:
            raise ConnectionError("away")
        return items

    gathering = GroupCommit(store, lambda item: 1, most=2)
    found = await asyncio.gather(*map(gathering.submit, range(4)), return_exceptions=True)
    assert [type(f) for f in found[:2]] == [ConnectionError] * 2
    assert found[2:] == [2, 3]


async def test_a_caller_that_is_gone_does_not_take_the_others_along() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def store(items: list[int]) -> list[int]:
        begun.set()
        await go_on.wait()
        return items

    gathering = GroupCommit(store, lambda item: 1, most=2)
    gone, stays = (asyncio.create_task(gathering.submit(n)) for n in (1, 2))
    await begun.wait()
    gone.cancel()
    go_on.set()
    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
