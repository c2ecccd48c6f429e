"""What the portfolio of many projects costs: its answer, and its CSV.

It reads stored months alone, so the size of the ledger does not matter.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.plant import RATES
from benchmarks.report import Report
from copq.access.authority import Actor
from copq.database.connections import DatabaseRole, take_role
from copq.database.migrate import migrate
from copq.database.queries import Queries
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.portfolio import PortfolioRequest, answer_portfolio
from copq.improvement.projects.plan import add_months
from copq.projects.proposing import import_projects
from copq.rates.book import RateBook
from copq.rates.file import parse_rates
from copq.rates.store import import_rates, load
from copq.reporting.spreadsheet import rows_as_csv
from copq.schemas.projects import ProjectFile

_SQL = Queries.of(__file__)
FIRST = date(2023, 1, 1)
NOW = datetime(2026, 1, 15, tzinfo=UTC)
RUNS = 7


async def main(projects: int, months: int) -> None:
    title = f"Portfolio: {projects:,} projects of {months} months"
    shown = Report("portfolio", title, "what", "seconds", "CPU seconds")
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn)
        await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
        book = await load(conn)
        await _fill(conn, book, projects, months)
        await conn.close()
        await _measure(dsn, book, projects, shown)
    shown.close()


async def _fill(conn: asyncpg.Connection, book: RateBook, projects: int, months: int) -> None:
    """Every month is measured twice, since it was restated; claimed, and decided about."""
    file = ProjectFile.model_validate({"projects": [_item(n, months) for n in range(projects)]})
    await import_projects(conn, file, book, "benchmark.yaml", Actor("olga"))
    last = add_months(FIRST, months - 1)
    await conn.execute(*_SQL.portfolio_step(step=2, what="size", state="sized"))
    async with conn.transaction():
        await conn.execute(*_SQL.portfolio_freezes())
        await conn.execute(*_SQL.portfolio_promises(first=FIRST, last=last))
    await conn.execute(*_SQL.portfolio_step(step=3, what="approve", state="approved"))
    await conn.execute(*_SQL.portfolio_step(step=4, what="start", state="running"))
    await conn.execute(*_SQL.portfolio_periods(first=FIRST, last=last))
    await conn.execute(*_SQL.portfolio_months(first=FIRST, last=last))
    await conn.execute(*_SQL.portfolio_claims(first=FIRST, last=last))
    await conn.execute(*_SQL.portfolio_validations())
    await conn.execute("vacuum analyze")


def _item(number: int, months: int) -> dict[str, Any]:
    first, last = f"{FIRST:%Y-%m}", f"{add_months(FIRST, months - 1):%Y-%m}"
    benefit = {"type": "hard", "amount": "1000", "first_month": first, "last_month": last}
    return {
        "plant": "north", "name": f"project {number:04}", "owner": f"owner {number % 40}",
        "sponsor": "sven", "scope": {"line": [f"L{number % 8 + 1}"]},
        "baseline": {"first": "2022-01-01", "last": "2022-12-31"}, "starts": "2023-01-02",
        "currency": "EUR", "benefits": [benefit],
        "investments": [
            {"name": "machine", "amount": "9000", "first_month": first},
            {"name": "service", "kind": "running", "amount": "50", "first_month": first},
        ],
    }  # fmt: skip


async def _measure(dsn: str, book: RateBook, projects: int, shown: Report) -> None:
    conn = await asyncpg.connect(dsn)
    await take_role(conn, DatabaseRole.REPORTING)
    await conn.execute("select set_config('copq.lines', '[[\"north\", null]]', false)")

    async def answer() -> Any:
        return await answer_portfolio(conn, book, PortfolioRequest(), NOW, None)

    found = await answer()
    assert len(found.all_rows) == projects
    shown.add("the answer", *await _timed(conn, answer))

    async def as_csv() -> None:
        await asyncio.to_thread(rows_as_csv, found.columns, found.table())

    shown.add("its CSV", *await _timed(conn, as_csv))
    await conn.close()


async def _timed(conn: asyncpg.Connection, work: Callable[[], Awaitable[Any]]) -> tuple[str, str]:
    """The median of some runs, and the longest; and the median of the work of both processes."""
    took, used = [], []
    for _ in range(RUNS):
        begin, before = time.perf_counter(), cpu_seconds(conn)
        await work()
        took.append(time.perf_counter() - begin)
        used.append(cpu_seconds(conn) - before)
    return (
        f"{statistics.median(took):.2f}, at most {max(took):.2f}",
        f"{statistics.median(used):.2f}",
    )


def cpu_seconds(conn: asyncpg.Connection) -> float:
    """What this process has used so far, and the connection's server with all of its processes."""
    server = _stat(conn.get_server_pid())[1]
    ticks = sum(_stat(server)[13:15])
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = _stat(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[1] == server:
            ticks += sum(fields[11:13])
    return time.process_time() + ticks / 100


def _stat(pid: int) -> list[int]:
    """The numbers in a process's `stat` after its state, which is 0 here; the second is its
    parent's."""
    text = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return [0, *map(int, text[1:])]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=500)
    parser.add_argument("--months", type=int, default=36)
    asked = parser.parse_args()
    asyncio.run(main(asked.projects, asked.months))
