"""`make bench-faust`: what Faust costs a costing worker, against aiokafka alone."""

import argparse
import asyncio
import statistics
import sys
import time
from dataclasses import dataclass

from benchmarks.pace import pace
from benchmarks.plant import events
from benchmarks.report import Report
from benchmarks.servers import Process, Servers, fill_topic, length, servers
from copq.kafka.topics import EVENTS, PRICED

WITHOUT = (sys.executable, "-m", "benchmarks.without_faust")


@dataclass(frozen=True)
class Run:
    """One worker that priced the whole topic."""

    cpu_s: float
    """CPU seconds per million events, without the start of the process."""
    start_cpu_s: float
    start_s: float
    """Until its first batch is published."""
    memory_mb: float
    per_second: float


async def measure(s: Servers, total: int, process: Process) -> Run:
    before = await length(s, PRICED)

    async def done() -> int:
        return await length(s, PRICED) - before

    began = time.perf_counter()
    with process:
        while not await done():
            process.must_run()
            await asyncio.sleep(0.02)
        start_s, start_cpu, first = time.perf_counter() - began, process.cpu_seconds, await done()
        found = await pace(done, total, process.must_run)
        spent = process.cpu_seconds - start_cpu
        return Run(
            spent * 1e6 / (total - first), start_cpu, start_s, process.most_memory_mb,
            found.per_second,
        )  # fmt: skip


async def main(total: int, rounds: int) -> None:
    report = Report(
        "faust", f"Costing with and without Faust, {total:,} events",
        "worker", "CPU s per million", "CPU s to start", "s to the first batch", "MB at most",
        "events/s",
    )  # fmt: skip
    runs: dict[str, list[Run]] = {"with Faust": [], "aiokafka alone": []}
    for _ in range(rounds):
        async with servers() as s:
            await fill_topic(s, EVENTS, events(total))
            workers = {
                "with Faust": Process(s, "costing"),
                "aiokafka alone": Process(s, *WITHOUT, s.bootstrap, s.dsn, "plain", is_copq=False),
            }
            for name, process in workers.items():
                runs[name].append(await measure(s, total, process))
                _add(report, name, runs[name][-1:])
    for name, found in runs.items():
        _add(report, f"{name}, median", found)
    report.close()


def _add(report: Report, name: str, runs: list[Run]) -> None:
    def median(field: str) -> float:
        return float(statistics.median(getattr(run, field) for run in runs))

    report.add(
        name, f"{median('cpu_s'):.2f}", f"{median('start_cpu_s'):.2f}", f"{median('start_s'):.1f}",
        f"{median('memory_mb'):.0f}", f"{median('per_second'):,.0f}",
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--total", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    asyncio.run(main(asked.total, asked.rounds))
