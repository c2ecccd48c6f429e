"""CPU seconds per million events of the hot path, by process, and the bytes that an event takes."""

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg
import psutil

from benchmarks.plant import events
from benchmarks.posting import posted
from benchmarks.servers import Process, Servers, fill_topic, servers
from copq.kafka.topics import EVENTS

STAGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "two": (("costing",), ("aggregator",)),
    "one": (("aggregator", "--from-events"),),
}
"""The processes between `quality.events` and the ledger: costing and the aggregator, or one."""


@dataclass(frozen=True)
class Spent:
    """CPU seconds per million events by process, and bytes per event."""

    cpu: dict[str, float]
    bytes: dict[str, float]
    per_second: float

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


async def spent(total: int, stages: Sequence[tuple[str, ...]]) -> Spent:
    """Post that many events on servers of their own. The topic is filled before."""
    async with servers() as s:
        await fill_topic(s, EVENTS, events(total))
        conn = await asyncpg.connect(s.dsn)
        await conn.execute("checkpoint")
        size, wal = await _size(conn), await _wal(conn)
        processes = [Process(s, *words) for words in stages]
        try:
            for process in processes:
                process.__enter__()

            def alive() -> None:
                for process in processes:
                    process.must_run()

            await _until(conn, total // 10, alive)
            first, begin, before = (
                await posted(conn),
                time.perf_counter(),
                _cpu(s, stages, processes),
            )
            await _until(conn, total, alive)
            seconds, after = time.perf_counter() - begin, _cpu(s, stages, processes)
        finally:
            for process in processes:
                process.__exit__()
        await conn.execute("checkpoint")
        stored = {"tables and indexes": await _size(conn) - size, "WAL": await _wal(conn) - wal}
        await conn.close()
    cpu = {name: (after[name] - before[name]) * 1e6 / (total - first) for name in after}
    per_event = {name: of / total for name, of in stored.items()}
    return Spent(cpu, per_event, (total - first) / seconds)


async def _until(conn: asyncpg.Connection, count: int, alive: Callable[[], None]) -> None:
    while await posted(conn) < count:
        alive()
        await asyncio.sleep(0.1)


def _cpu(
    s: Servers, stages: Sequence[tuple[str, ...]], processes: Sequence[Process]
) -> dict[str, float]:
    found = {words[0]: p.cpu_seconds for words, p in zip(stages, processes, strict=True)}
    return {**found, "Postgres": _cpu_of(s.postgres_pid), "broker": _cpu_of(s.broker_pid)}


def _cpu_of(pid: int) -> float:
    """CPU seconds of a process and all that it has started, also of what has ended."""
    root = psutil.Process(pid)
    of = root.cpu_times()
    seconds = of.user + of.system + of.children_user + of.children_system
    for child in root.children(recursive=True):
        times = child.cpu_times()
        seconds += times.user + times.system
    return float(seconds)


async def _size(conn: asyncpg.Connection) -> int:
    return int(
        await conn.fetchval(
            "select sum(pg_total_relation_size(c.oid)) from pg_class as c"
            " join pg_namespace as n on n.oid = relnamespace"
            " where nspname = 'copq' and relkind = 'r'"
        )
    )


async def _wal(conn: asyncpg.Connection) -> int:
    return int(await conn.fetchval("select pg_current_wal_lsn() - '0/0'"))


def show(name: str, found: Spent) -> str:
    cpu = ", ".join(f"{what} {seconds:.1f}" for what, seconds in found.cpu.items())
    stored = ", ".join(f"{what} {size:.0f}" for what, size in found.bytes.items())
    return (
        f"{name}: {found.total:.1f} CPU s per million events ({cpu}); bytes per event: {stored}; "
        f"{found.per_second:,.0f} events/s"
    )


async def main(total: int, names: Sequence[str]) -> None:
    for name in names:
        print(show(name, await spent(total, STAGES[name])), flush=True)


async def bare(total: int, name: str) -> None:
    """The sum alone, for programs."""
    print((await spent(total, STAGES[name])).total)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--stages", nargs="+", default=list(STAGES), choices=STAGES)
    parser.add_argument("--bare", choices=STAGES, help="print the sum alone, of these stages")
    options = parser.parse_args()
    if options.bare:
        asyncio.run(bare(options.events, options.bare))
    else:
        asyncio.run(main(options.events, options.stages))
