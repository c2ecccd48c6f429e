"""None of a service's parts ends unnoticed."""

import asyncio

import pytest

from copq.process.background import run_beside


async def for_ever() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise ZeroDivisionError


async def test_what_runs_beside_ends_with_the_main_part() -> None:
    stop = asyncio.Event()
    await run_beside(asyncio.sleep(0), for_ever(), stop=stop)
    assert stop.is_set()


async def test_a_failure_beside_stops_the_main_part_in_order_and_is_raised() -> None:
    stop, ended = asyncio.Event(), []

    async def main() -> None:
        await stop.wait()
        ended.append("in order")

    with pytest.raises(ZeroDivisionError):
        await run_beside(main(), fails(), for_ever(), stop=stop)
    assert ended == ["in order"]


async def test_a_failure_of_the_main_part_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_beside(fails(), for_ever(), stop=asyncio.Event())
