"""Events by HTTP into Kafka, one process: NDJSON as one long body, and single events."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from benchmarks.plant import events
from benchmarks.servers import Process, Servers
from copq.access.sender import ANYONE
from copq.ingest.check import check
from tests.support.kafka.settings import free_ports

CONNECTIONS = 64
_LINES = 2_000
_HEAD = b"POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\n%s\r\n"
_CHUNKED = _HEAD % (b"application/x-ndjson", b"Transfer-Encoding: chunked\r\n")


@dataclass(frozen=True)
class Http:
    ndjson: float
    """Events a second of one body."""
    ndjson_cpu: float
    """The same by the CPU seconds of the service alone: other work does not slow it."""
    validated: float
    """Events a CPU second of `check` alone, in a loop."""
    requests: float
    """Single events a second, on `CONNECTIONS` connections."""
    waits: list[float]
    """Seconds from each such request to its answer, sorted."""
    memory_mb: float


async def http(servers: Servers, total: int, requests: int) -> Http:
    """The service as `copq ingest` runs it, next to broker and sender."""
    [port] = free_ports(1)
    with Process(
        servers, "ingest", "--no-auth", "--port", str(port), "--partitions", "4"
    ) as process:
        await _listening(port, process)
        cpu = process.cpu_seconds
        ndjson = await _ndjson(port, total)
        cpu = process.cpu_seconds - cpu
        waits, seconds = await _single(port, requests)
        memory = process.most_memory_mb
    requests_a_second = len(waits) / seconds
    validated = _validated(total // 4)
    return Http(ndjson, total / cpu, validated, requests_a_second, sorted(waits), memory)


async def _listening(port: int, process: Process) -> None:
    while True:
        process.must_run()
        try:
            async with _connected(port) as (reader, writer):
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: bench\r\n\r\n")
                if (await reader.readline()).split()[1] == b"200":
                    return
        except OSError:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _connected(
    port: int,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _ndjson(port: int, total: int) -> float:
    """The body is made beforehand; its answers are read to the last."""
    made = (raw for _, raw, _ in events(total))
    parts = []
    while lines := list(islice(made, _LINES)):
        part = b"\n".join(lines) + b"\n"
        parts.append(b"%x\r\n%s\r\n" % (len(part), part))
    async with _connected(port) as (reader, writer):
        began = time.perf_counter()
        writer.write(_CHUNKED)
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        status, size = await _head(reader)
        while size:
            size -= len(await reader.read(min(size, 2**20)))
        seconds = time.perf_counter() - began
    if status != 202:
        raise RuntimeError(f"answered with {status}")
    return total / seconds


async def _head(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Status and length of a response."""
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head.split(None, 2)[1]), int(head.split(b"content-length: ")[1].split()[0])


async def _single(port: int, requests: int) -> tuple[list[float], float]:
    """The wait of each request, and the seconds of all."""
    made = (raw for _, raw, _ in events(requests, seed=2))
    bodies = [_HEAD % (b"application/json", b"Content-Length: %d\r\n" % len(r)) + r for r in made]
    waits: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(
        *(_one_by_one(port, bodies[n::CONNECTIONS], waits) for n in range(CONNECTIONS))
    )
    return waits, time.perf_counter() - began


async def _one_by_one(port: int, bodies: list[bytes], waits: list[float]) -> None:
    async with _connected(port) as (reader, writer):
        for body in bodies:
            began = time.perf_counter()
            writer.write(body)
            status, size = await _head(reader)
            await reader.readexactly(size)
            waits.append(time.perf_counter() - began)
            if status != 202:
                raise RuntimeError(f"answered with {status}")


def _validated(total: int) -> float:
    now = datetime.now(UTC)
    raws = [raw for _, raw, _ in events(total)]
    began = time.process_time()
    for raw in raws:
        check(raw, now, ANYONE)
    return total / (time.process_time() - began)
