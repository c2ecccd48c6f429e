"""Measuring a rate while something runs: without its start, and without its tail."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Events a second between the first tenth and the end, and the whole time with the start."""

    per_second: float
    seconds: float


async def pace(
    count: Callable[[], Awaitable[int]], total: int, alive: Callable[[], None], limit_s: float = 240
) -> Pace:
    """Watch `count` until it reaches `total`. Raises TimeoutError, or what `alive` raises."""
    begin = time.perf_counter()
    first: tuple[float, int] | None = None
    while True:
        alive()
        done, now = await count(), time.perf_counter()
        if first is None and done >= total / 10:
            first = (now, done)
        if done >= total:
            break
        if now - begin > limit_s:
            raise TimeoutError(f"{done} of {total} after {limit_s} s")
        await asyncio.sleep(0.05)
    start, there = first or (begin, 0)
    rate = (total - there) / (now - start) if total > there else total / (now - begin)
    return Pace(rate, now - begin)
