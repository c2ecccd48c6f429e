"""A service and the tasks that run next to it for ever: none of them ends unnoticed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

CLOSED_WITHIN_S = 2
"""The time for the companions to close."""


async def run_beside(
    main: Coroutine[Any, Any, None], *companions: Coroutine[Any, Any, None], stop: asyncio.Event
) -> None:
    """Run `main` until it ends. If a companion fails, set `stop` and raise its error."""
    serving = asyncio.create_task(main)
    others = [asyncio.create_task(other) for other in companions]
    try:
        await asyncio.wait([serving, *others], return_when=asyncio.FIRST_COMPLETED)
        failed = [other for other in others if other.done()]
        stop.set()
        await serving
    finally:
        for task in (serving, *others):
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=CLOSED_WITHIN_S)
    for other in failed:
        other.result()
