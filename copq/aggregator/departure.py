"""The time limit for work after the worker is told to stop."""

import asyncio

LEAVE_S = 3
"""How long all batches together may take after the worker is told to stop."""


class Departure:
    """Limits the work of a worker from the moment when `stop` is set."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._leave_at: float | None = None

    async def waits_for(self, work: asyncio.Task[None]) -> bool:
        """Wait for the work, and raise its error. False if the worker must leave before its end."""
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        done, _ = await asyncio.wait([work], timeout=self._seconds_left())
        if done:
            work.result()
        return bool(done)

    def _seconds_left(self) -> float:
        now = asyncio.get_running_loop().time()
        if self._leave_at is None and self._stop.is_set():
            self._leave_at = now + LEAVE_S
        return LEAVE_S if self._leave_at is None else max(self._leave_at - now, 0)
