"""Long work is done next to the service: claimed, continued after a kill, cancelled on request."""

import asyncio
import logging
import time
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
from asyncpg import Connection
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.desk import jobs
from copq.desk.jobs import Job
from copq.desk.works import WORKS, Progress, Refusals
from copq.process.retry import keep_trying

GONE_S = 15.0
"""A worker that was not heard of for so long is gone: another one continues its job."""

EVERY_S = 1.0
MOST_ATTEMPTS = 5
"""A job whose work loses Postgres so often has failed."""

FORGETS_EVERY_S = 3600.0

AT_ONCE = 2
"""Jobs that one service works on at a time."""

log = logging.getLogger(__name__)


async def keep_working(dsn: str, gone_s: float = GONE_S, every_s: float = EVERY_S) -> None:
    """Do what people ask for, for ever."""
    await asyncio.gather(*(_keep_working(dsn, gone_s, every_s) for _ in range(AT_ONCE)))


async def _keep_working(dsn: str, gone_s: float, every_s: float) -> None:
    away = (*AWAY, asyncpg.PostgresError)

    async def work() -> None:
        async with connected(dsn, DatabaseRole.FINANCE) as conn:
            await _Worker(dsn, conn, every_s).run(gone_s)

    await keep_trying(work, away, wait_fixed(every_s), _warn)


def _warn(error: BaseException, _: float) -> None:
    log.warning("long work is continued later: %r", error)


class _Worker:
    """Takes one job after the other. Its connection only says how far the job is."""

    def __init__(self, dsn: str, conn: Connection, every_s: float) -> None:
        self._dsn, self._conn, self._every_s = dsn, conn, every_s
        self._id: UUID = uuid4()

    async def run(self, gone_s: float) -> None:
        forgets_at = 0.0
        while True:
            if time.monotonic() >= forgets_at:
                await jobs.forget(self._conn)
                forgets_at = time.monotonic() + FORGETS_EVERY_S
            job = await jobs.claim(self._conn, self._id, gone_s)
            if job is None:
                await asyncio.sleep(self._every_s)
            else:
                await self._do(job)

    async def _do(self, job: Job) -> None:
        log.info("job %d (%s) for %s begins", job.job, job.kind, job.actor.name)
        progress = Progress(job.progress, job.total)
        task = asyncio.create_task(WORKS[job.kind](self._dsn, job, progress))
        try:
            if not await self._watch(job, task, progress):
                log.info("job %d goes on no longer here", job.job)
                return
            await self._end(job, task, progress)
        except asyncio.CancelledError:
            with suppress(*AWAY, asyncpg.PostgresError, TimeoutError):
                async with asyncio.timeout(1):
                    await jobs.release(self._conn, job, self._id)
            raise
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def _watch(self, job: Job, task: "asyncio.Task[object]", progress: Progress) -> bool:
        """Wait for the work; False once the job is this worker's no longer."""
        while not task.done():
            await asyncio.wait([task], timeout=self._every_s)
            seen = (progress.seen, progress.total)
            if not task.done() and not await jobs.beat(self._conn, job, self._id, *seen):
                return False
        return True

    async def _end(self, job: Job, task: "asyncio.Task[object]", progress: Progress) -> None:
        seen = (progress.seen, progress.total)
        answer, failure = None, None
        try:
            answer = task.result()
        except Refusals as error:
            failure = str(error)
        except Exception as error:
            if isinstance(error, AWAY) and job.attempts < MOST_ATTEMPTS:
                raise
            log.exception("job %d failed", job.job)
            failure = f"this is a fault of the service; its log says more: {error!r}"
        await jobs.end(self._conn, job, self._id, seen, answer=answer, failure=failure)
        log.info("job %d has ended", job.job)
