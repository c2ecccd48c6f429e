"""(c) Kafka to Kafka to Postgres, everything on the machine's own cores; (e) its latency."""

import asyncio
import random
import time
from itertools import islice

import asyncpg
from aiokafka import AIOKafkaProducer

from benchmarks.pace import pace
from benchmarks.plant import event, events
from benchmarks.posting import posted
from benchmarks.servers import PARTITIONS, Process, Servers, fill_topic
from copq.kafka.brokers import Brokers
from copq.kafka.headers import NONE
from copq.kafka.publish import Message, publish, start_producer
from copq.kafka.topics import EVENTS


async def end_to_end(servers: Servers, total: int) -> float:
    """Events a second from a filled topic to the rollups."""
    await fill_topic(servers, EVENTS, events(total))
    conn = await asyncpg.connect(servers.dsn)
    with Process(servers, "costing") as costing, Process(servers, "aggregator") as aggregator:

        def alive() -> None:
            costing.must_run()
            aggregator.must_run()

        found = await pace(lambda: posted(conn), total, alive)
    await conn.close()
    return found.per_second


async def latency(servers: Servers, per_second: int, seconds: int) -> list[float]:
    """Seconds from acknowledged publish to visible rollup, of probes among a steady stream."""
    producer = await start_producer(Brokers(servers.bootstrap))
    conn = await asyncpg.connect(servers.dsn)
    with Process(servers, "costing"), Process(servers, "aggregator"):
        await _probe_once(producer, conn)
        flow = asyncio.create_task(_flow(producer, per_second, seconds))
        found = await _probe(producer, conn, flow)
    await producer.stop()
    await conn.close()
    return sorted(found)


async def _flow(producer: AIOKafkaProducer, per_second: int, seconds: int) -> None:
    """A number of events a second, sent every 10 ms and spread over the partitions."""
    stream = events(per_second * seconds, seed=2, start=int(time.time()) - seconds)
    begin, part = time.perf_counter(), per_second // 100
    for tick in range(seconds * 100):
        some: list[Message] = list(islice(stream, part))
        await publish(producer, EVENTS, tick % PARTITIONS, some)
        await asyncio.sleep(max(0.0, begin + tick / 100 - time.perf_counter()))


_PROBES = (
    "select coalesce(sum(entries), 0) from copq.rollup where grain = 'month' and line = 'PROBE'"
)


async def _probe_once(producer: AIOKafkaProducer, conn: asyncpg.Connection) -> float:
    """Publish one event of a line of its own, and wait for it in the rollup."""
    before = await conn.fetchval(_PROBES)
    raw = event(random.Random(), "PROBE", time.time())
    await asyncio.gather(*await publish(producer, EVENTS, 0, [(b"north/PROBE", raw, NONE)]))
    begin = time.perf_counter()
    while await conn.fetchval(_PROBES) == before:
        await asyncio.sleep(0.001)
    return time.perf_counter() - begin


async def _probe(
    producer: AIOKafkaProducer, conn: asyncpg.Connection, flow: asyncio.Task[None]
) -> list[float]:
    found = []
    while not flow.done():
        found.append(await _probe_once(producer, conn))
        await asyncio.sleep(0.02)
    await flow
    return found
