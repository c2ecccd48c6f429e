"""The computing process: `python -m copq.reporting.exporter.worker`, started by `separate_process`.

It reads its task from standard input and writes reports to standard output. It ends when its input
ends, which happens when the parent process ends in any way.
"""

import asyncio
import json
import os
import sys
import time
from threading import Thread
from typing import BinaryIO

import asyncpg
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.process.retry import keep_trying
from copq.reporting.exporter.computation import Computation
from copq.reporting.exporter.reports import ComputedFigures, Failed, Task, framed

SHARE = 4
"""A pause is at least this many times as long as the work before it: a fifth of one core."""

LONGEST_PAUSE_S = 15.0
"""Figures stay fresh if a computation takes up to twenty seconds."""

AGAIN_S = 1.0
POLITE = 5
"""Lower priority, since events come first when cores are short."""


async def work(task: Task, to: BinaryIO) -> None:
    """Compute for ever. While Postgres is away, it waits."""
    computation = Computation(task.max_series, grouping=task.grouping)
    await keep_trying(
        lambda: _follow(task, computation, to), (*AWAY, asyncpg.PostgresError),
        wait_fixed(AGAIN_S), lambda error, _: _tell(to, Failed(repr(error))),
    )  # fmt: skip


async def _follow(task: Task, computation: Computation, to: BinaryIO) -> None:
    async with connected(task.dsn, DatabaseRole.REPORTING) as conn:
        while True:
            begun = time.monotonic()
            figures = await computation.figures(conn)
            took = time.monotonic() - begun
            _tell(to, ComputedFigures(figures, took))
            await asyncio.sleep(max(task.every_s, min(SHARE * took, LONGEST_PAUSE_S)))


def _tell(to: BinaryIO, report: ComputedFigures | Failed) -> None:
    to.write(framed(report))
    to.flush()


def _end_with(parent: BinaryIO) -> None:
    parent.read()
    os._exit(0)  # in any state: the parent that reads it is gone


def main() -> None:
    """Run until the parent process has ended."""
    os.nice(POLITE)
    task = Task(**json.loads(sys.stdin.buffer.readline()))
    Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        asyncio.run(work(task, sys.stdout.buffer))
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
