"""The real servers that a benchmark runs on, and the copq processes under test."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import TopicPartition

from benchmarks.plant import RATES
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.kafka.brokers import Brokers
from copq.kafka.publish import Message, publish, start_producer
from copq.kafka.topics import make_topics
from copq.posting.partitions import make_partitions
from copq.rates.file import parse_rates
from copq.rates.store import import_rates
from tests.support.kafka.broker import KafkaBroker

JARS = Path(__file__).parents[1] / "build" / "kafka"
PARTITIONS = 4


@dataclass(frozen=True)
class Servers:
    bootstrap: str
    dsn: str
    broker_pid: int
    postgres_pid: int


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """A broker and a database of their own, with topics, schema and rates; both go afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        postgres, broker = (
            EmbeddedPostgres(Path(folder) / "data"),
            KafkaBroker(Path(folder) / "kafka", JARS),
        )
        dsn = await asyncio.to_thread(postgres.start)
        await asyncio.to_thread(broker.start)
        try:
            await asyncio.to_thread(migrate, dsn)
            await _fill(dsn)
            await make_topics(Brokers(broker.bootstrap), PARTITIONS)
            postmaster = postgres.folder / "postgres" / "postmaster.pid"
            yield Servers(broker.bootstrap, dsn, broker.pid, int(postmaster.read_text().split()[0]))
        finally:
            await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(postgres.stop)


async def _fill(dsn: str) -> None:
    from datetime import UTC, datetime

    conn = await asyncpg.connect(dsn)
    await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
    await make_partitions(conn, datetime.now(UTC))
    await conn.close()


async def fill_topic(servers: Servers, topic: str, messages: Iterable[Message]) -> None:
    """Publish, each message to the partition of its key, and wait until all are acknowledged."""
    producer = await start_producer(Brokers(servers.bootstrap))
    every, partition_of = list(range(PARTITIONS)), DefaultPartitioner()
    parts: dict[int, list[Message]] = defaultdict(list)
    known: dict[bytes | None, int] = {}
    for message in messages:
        if message[0] not in known:
            known[message[0]] = partition_of(message[0], every, every)
        parts[known[message[0]]].append(message)
    futures = [await publish(producer, topic, p, found) for p, found in parts.items()]
    await asyncio.gather(*(future for some in futures for future in some))
    await producer.stop()


async def length(servers: Servers, topic: str) -> int:
    """How many messages a topic has."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers.bootstrap)
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition(topic, p) for p in range(PARTITIONS)])
    await consumer.stop()
    return sum(ends.values())


class Process:
    """A copq process: `with Process(servers, "costing") as process`; killed at the end."""

    def __init__(
        self, servers: Servers, *words: str, cpus: set[int] | None = None, is_copq: bool = True
    ) -> None:
        """`is_copq` false: the words are a whole command, which knows its servers."""
        copq = str(Path(sys.executable).with_name("copq"))
        kafka = ("--kafka", servers.bootstrap)
        self._command = [copq, *words, *kafka] if is_copq else [*words]
        self._env = {
            **os.environ,
            "KAFKA_BOOTSTRAP": servers.bootstrap,
            "DATABASE_URL": servers.dsn,
        }
        self._cpus = cpus

    def __enter__(self) -> "Process":
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command, env=self._env, stdout=self._log, stderr=self._log,
        )  # fmt: skip
        if self._cpus:
            os.sched_setaffinity(self._process.pid, self._cpus)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    @property
    def memory_mb(self) -> float:
        return psutil.Process(self._process.pid).memory_info().rss / 1e6

    @property
    def most_memory_mb(self) -> float:
        """The most that it has ever had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6

    @property
    def cpu_seconds(self) -> float:
        times = psutil.Process(self._process.pid).cpu_times()
        return times.user + times.system

    def must_run(self) -> None:
        """Raise with what it said if it has ended."""
        if self._process.poll() is not None:
            self._log.seek(0)
            raise RuntimeError(self._log.read().decode()[-2000:])
