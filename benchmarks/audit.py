"""How long the audit trail takes: a million decisions written, proved, exported; in what memory."""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

import asyncpg

from benchmarks.report import Report
from copq.audit.exported import line_of, link_of
from copq.audit.store import rows
from copq.audit.trail import Chain
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres

WRITE = """
insert into copq.target (plant, line, effective_from, ratio, set_by, source)
select 'north', 'L' || n % 50, now(), 0.03, 'benchmark', 'benchmark'
from generate_series(1, $1::int) as n
"""


async def main(decisions: int) -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn)
        before = _memory()
        report = Report("audit", f"{decisions:,} decisions", "", "took", "a second")
        steps = [("written", _write), ("proved", _prove), ("exported", _export)]
        for name, step in steps:
            seconds = await _time_of(step(conn, decisions))
            report.add(name, f"{seconds:,.1f} s", f"{decisions / seconds:,.0f}")
        await conn.close()
    report.add("memory grew by", f"{_memory() - before:,.0f} MiB", "")
    report.close()


async def _write(conn: asyncpg.Connection, decisions: int) -> None:
    await conn.execute(WRITE, decisions)


async def _prove(conn: asyncpg.Connection, decisions: int) -> None:
    chain = Chain()
    async for row in rows(conn):
        assert not list(chain.take(link_of(row)))
    assert chain.head.seq == decisions


async def _export(conn: asyncpg.Connection, decisions: int) -> None:
    with tempfile.TemporaryFile("w") as file:
        async for row in rows(conn):
            file.write(line_of(row) + "\n")


async def _time_of(step: Awaitable[None]) -> float:
    begin = time.perf_counter()
    await step
    return time.perf_counter() - begin


def _memory() -> float:
    """The most that this process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    asyncio.run(main(parser.parse_args().decisions))
