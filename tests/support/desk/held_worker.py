"""A worker that books the first chunks of a repricing, says so, and then hangs until it is killed.

Run it as `python -m tests.support.desk.held_worker DSN`.
"""

import asyncio
import sys
import time
from functools import partial
from typing import Any

from copq.desk import works
from copq.desk.jobs import Job
from copq.desk.working import keep_working
from copq.repricing.applying import apply

CHUNK = 5


async def held(dsn: str, job: Job, progress: works.Progress) -> Any:
    def watch(run: Any) -> None:
        progress(run)
        if run.seen >= 2 * CHUNK:
            print(run.seen, flush=True)
            time.sleep(3_600)

    return await small(dsn, works._scope(job), job.actor, job.why, watch)


small = partial(apply, size=CHUNK)

if __name__ == "__main__":
    works.WORKS[works.REPRICE] = held
    asyncio.run(keep_working(sys.argv[1]))
