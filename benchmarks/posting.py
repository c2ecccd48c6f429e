"""(b) the aggregator alone, against COPY and insert-select of the same rows."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer

from benchmarks.pace import pace
from benchmarks.servers import Process, Servers
from copq.kafka.topics import PRICED
from copq.posting.batch import COLUMNS, Batch
from copq.posting.post import prepare

_LEDGER = [
    "occurred_at", "event_id", "entry_no", "plant", "line", "product", "stage", "work_unit",
    "defect_code", "shift", "supplier", "element", "category", "quantity", "gross", "recovered",
    "allowed", "net", "seconds", "base", "good", "ungraded", "currency", "rate_version",
    "hour", "day",
]  # fmt: skip
_EVENT = ["occurred_at", "event_id", "event_type", "plant", "line", "payload"]
INTO_LEDGER = (
    f"insert into copq.ledger ({', '.join(_LEDGER)}, period) "
    f"select {', '.join(_LEDGER)}, date_trunc('month', day) from batch"
)
INTO_ALL = (
    "insert into copq.event_key (event_id, occurred_at, plant, line)"
    " select event_id, occurred_at, plant, line from batch",
    f"insert into copq.event ({', '.join(_EVENT)}) select {', '.join(_EVENT)} from batch",
    INTO_LEDGER,
)
"""The same rows into the same tables: no look at duplicates, no windows."""


async def posted(conn: asyncpg.Connection) -> int:
    """Entries in the rollups."""
    return int(
        await conn.fetchval(
            "select coalesce(sum(entries), 0) from copq.rollup where grain = 'month'"
        )
    )


async def aggregator_alone(servers: Servers, total: int) -> tuple[float, float]:
    """Events a second, and the worker's memory in MB."""
    conn = await asyncpg.connect(servers.dsn)
    with Process(servers, "aggregator") as process:
        found = await pace(lambda: posted(conn), total, process.must_run)
        memory = process.memory_mb
    await conn.close()
    return found.per_second, memory


async def limit(
    servers: Servers, total: int, statements: Sequence[str], size: int = 10_000
) -> float:
    """Events a second of COPY and insert-select alone; what it wrote is removed again."""
    batches = await _rows(servers, total, size)
    conn = await asyncpg.connect(servers.dsn)
    await prepare(conn)
    begin = time.perf_counter()
    for batch in batches:
        async with conn.transaction():
            await conn.copy_to_table("batch", source=_one(batch), columns=COLUMNS)
            for statement in statements:
                await conn.execute(statement)
    seconds = time.perf_counter() - begin
    await conn.execute("set session_replication_role = replica")  # else nobody may
    await conn.execute("truncate copq.event_key, copq.event, copq.ledger")
    await conn.close()
    return total / seconds


async def _rows(servers: Servers, total: int, size: int) -> list[bytes]:
    """The rows of the priced events that are on the topic, as they are copied."""
    consumer = AIOKafkaConsumer(
        PRICED, bootstrap_servers=servers.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    messages: list[bytes] = []
    while len(messages) < total:
        got = await consumer.getmany(timeout_ms=1000)
        messages += [record.value for records in got.values() for record in records]
    await consumer.stop()
    parts = [messages[start : start + size] for start in range(0, total, size)]
    return await asyncio.to_thread(lambda: [_text(part) for part in parts])


def _text(messages: list[bytes]) -> bytes:
    batch = Batch()
    for message in messages:
        batch.add(message, 0, 0)
    return ("\n".join(batch.rows) + "\n").encode()


async def _one(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk
