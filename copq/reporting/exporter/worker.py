"""The process that computes: `python -m copq.reporting.exporter.worker`, started by `apart`.

It reads what to do from its standard input and writes reports to its standard output. It ends
once the input ends, that is with the process that started it, however that ended.
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
"""A pause is at least so many times as long as the work before it: a fifth of one core."""

LONGEST_PAUSE_S = 15.0
"""Figures stay fresh where one computation takes up to twenty seconds."""

AGAIN_S = 1.0
POLITE = 5
"""Events come first: where cores are short it is the figures that wait."""


async def work(task: Task, to: BinaryIO) -> None:
    """For ever; while Postgres is away it waits."""
    computation = Computation(task.max_series)
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
    os._exit(0)  # whatever it is at: nobody is left to tell


def main() -> None:
    """Until the process that started it has ended."""
    os.nice(POLITE)
    task = Task(**json.loads(sys.stdin.buffer.readline()))
    Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        asyncio.run(work(task, sys.stdout.buffer))
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
