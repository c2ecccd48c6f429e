"""Figures computed in a process of its own.

Python runs one thread at a time, and looking for cycles among a million samples stops all of
them for 200 ms: scrapes and events would wait for it.
"""

import json
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict

from copq.reporting.exporter.reports import Report, Task, reports

_WORKER = ("-P", "-m", "copq.reporting.exporter.worker")
"""-P: what lies in the folder where somebody started the service is not imported."""


@asynccontextmanager
async def computing(task: Task) -> AsyncIterator[AsyncIterator[Report]]:
    """What the process reports, until it ends; it ends with the block at the latest."""
    # A session of its own: what is typed at the terminal is for the service, which ends it.
    process = await create_subprocess_exec(
        sys.executable, *_WORKER, stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    try:
        assert process.stdin is not None and process.stdout is not None
        # By a pipe: a password is not for `ps`.
        process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
        yield reports(process.stdout)
    finally:
        await _ended(process)


async def _ended(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()  # it has nothing to finish: it only reads
    await process.communicate()  # what lies in the pipes goes with it
