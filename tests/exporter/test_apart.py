"""Work in a loop of its own: it ends with the caller, and says what went wrong."""

import asyncio
import threading

import pytest

from services.reporting.exporter.apart import apart


async def test_it_runs_in_another_thread_and_is_waited_for() -> None:
    seen: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(threading.get_ident())

    await apart(work)
    assert seen and seen != [threading.get_ident()]


async def test_what_it_raises_is_raised() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await apart(work)


async def test_it_is_cancelled_with_its_caller() -> None:
    began, ended = threading.Event(), threading.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    task = asyncio.create_task(apart(work))
    await asyncio.to_thread(began.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 10)
