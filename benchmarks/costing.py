"""(a) costing alone on one core against reading the topic raw; (d) plain Faust."""

import asyncio
import os
import subprocess
import sys
import tempfile

from benchmarks.pace import pace
from benchmarks.servers import Process, Servers, length
from copq.kafka.topics import PRICED

ONE, OTHERS = {0}, set(range(1, os.cpu_count() or 2))


async def costing_alone(servers: Servers, total: int) -> tuple[float, float]:
    """Events a second, and the worker's memory in MB."""
    with Process(servers, "costing", cpus=ONE) as process:
        found = await pace(lambda: length(servers, PRICED), total, process.must_run)
        return found.per_second, process.memory_mb


async def raw_read(servers: Servers, total: int) -> float:
    """Events a second of the raw reader on the same core."""
    return float(await _run("benchmarks.raw_read", servers.bootstrap, str(total)))


async def _run(module: str, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    os.sched_setaffinity(process.pid, ONE)
    out, _ = await process.communicate()
    return out.decode()


async def plain_faust(servers: Servers, total: int) -> float:
    """Events a second of a plain agent; it publishes to the same topic, after what is there."""
    before = await length(servers, PRICED)

    async def done() -> int:
        return await length(servers, PRICED) - before

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.plain_faust"]
        process = subprocess.Popen(
            [*command, servers.bootstrap, servers.dsn, folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.sched_setaffinity(process.pid, ONE)
        try:
            return (await pace(done, total, lambda: _alive(process))).per_second
        finally:
            process.kill()
            process.wait()


def _alive(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        raise RuntimeError("the plain Faust worker ended by itself")
