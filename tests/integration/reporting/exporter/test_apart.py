"""The process that computes: it ends with its parent, and is started again when it ends alone."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import psutil
import pytest

from copq.reporting.exporter.exporter import Exporter
from copq.reporting.exporter.reports import ComputedFigures, Failed, Task
from copq.reporting.exporter.separate_process import computing
from tests.support.patience import PATIENCE_S

PARENT = """
import asyncio, sys
from copq.reporting.exporter.exporter import Exporter
asyncio.run(Exporter(sys.argv[1], every_s=0.1).run())
"""


def workers(of: int) -> list[psutil.Process]:
    return [p for p in psutil.Process(of).children() if "exporter.worker" in " ".join(p.cmdline())]


async def worker(of: int) -> psutil.Process:
    async with asyncio.timeout(PATIENCE_S):
        while not (found := workers(of)):
            await asyncio.sleep(0.02)
    return found[0]


async def until_gone(process: psutil.Process) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)


async def test_it_reports_figures_and_ends_with_the_block(database: str) -> None:
    async with computing(Task(database, 0.05, 1000)) as reports:
        first, second = await anext(reports), await anext(reports)
        process = await worker(os.getpid())
    assert isinstance(first, ComputedFigures) and isinstance(second, ComputedFigures)
    assert first.figures.at < second.figures.at
    assert not process.is_running()


async def test_the_password_is_not_for_all_to_see(database: str) -> None:
    async with computing(Task(database, 0.05, 1000)):
        assert database not in " ".join((await worker(os.getpid())).cmdline())


async def test_it_says_that_postgres_is_away() -> None:
    async with computing(Task("postgresql://nobody@127.0.0.1:1/none", 0.05, 1000)) as reports:
        assert isinstance(await anext(reports), Failed)


async def test_one_that_was_killed_is_started_again(database: str) -> None:
    exporter = Exporter(database, every_s=0.05)
    running = asyncio.create_task(exporter.run())
    first = await worker(os.getpid())
    first.send_signal(signal.SIGKILL)
    await until_gone(first)
    killed = datetime.now(UTC)
    async with asyncio.timeout(PATIENCE_S):
        while exporter.figures is None or exporter.figures.at < killed:
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not workers(os.getpid())


async def test_it_does_not_outlive_a_parent_that_was_killed(database: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, database])
    process = await worker(parent.pid)
    parent.kill()
    parent.wait()
    await until_gone(process)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
