"""Computes figures in a separate process.

Python runs one thread at a time, and a garbage collection over a million samples stops all threads
for 200 ms: scrapes and events would wait.
"""

import json
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict

from copq.reporting.exporter.reports import Report, Task, reports

_WORKER = ("-P", "-m", "copq.reporting.exporter.worker")
"""-P: files in the current folder are not imported."""


@asynccontextmanager
async def computing(task: Task) -> AsyncIterator[AsyncIterator[Report]]:
    """The reports of the process, until it ends. It ends with the block at the latest."""
    # A session of its own: signals of the terminal go to the service, which ends the process.
    process = await create_subprocess_exec(
        sys.executable, *_WORKER, stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    try:
        assert process.stdin is not None and process.stdout is not None
        # Through a pipe, since `ps` must not show a password.
        process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
        yield reports(process.stdout)
    finally:
        await _ended(process)


async def _ended(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()  # it only reads, so it has nothing to finish
    await process.communicate()  # discards the contents of the pipes
