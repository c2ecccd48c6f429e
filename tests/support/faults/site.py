"""A site: broker, database and services, and the question whether its figures are right."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from copq.figures.verify import verify
from copq.kafka.brokers import Brokers
from copq.kafka.topics import EVENTS, PRICED, REJECTED, make_topics
from copq.rates.file import parse_rates
from copq.rates.store import import_rates
from tests.support.faults.plant import GADGET, RATES, Bucket, Fact, Sums, expected
from tests.support.faults.processes import Service, until

_numbers = count(1)
TOPICS = (EVENTS, PRICED, REJECTED)
PARTITIONS = 4

SESSION_S = 3
"""Of the consumer groups: what is frozen for longer loses its partitions."""

_ROLLUPS = """
select grain, line, product, element, day, nullif(hour, '-infinity') as hour,
    quantity, gross, base, entries
from copq.rollup
where quantity <> 0 or gross <> 0 or base <> 0
"""


@dataclass
class Site:
    bootstrap: str
    database: str
    folder: Path
    services: list[Service] = field(default_factory=list)
    preloaded: bool = True
    events_are_read: bool = False
    """Whether the ledger reads the events themselves, and no priced ones."""
    number: int = field(default_factory=_numbers.__next__)
    _conn: asyncpg.Connection | None = None

    def service(self, name: str, *arguments: str) -> Service:
        made = Service(self.folder, name, *arguments, preloaded=self.preloaded)
        self.services.append(made)
        return made

    def costing(self, name: str = "costing", *more: str) -> Service:
        return self._of_the_stream("costing", name, *more).start()

    def aggregator(self, name: str = "aggregator", *more: str) -> Service:
        return self._of_the_stream("aggregator", name, *more).start()

    def pricing_aggregator(self, name: str = "alone", *more: str) -> Service:
        """An aggregator that reads the events and prices them itself."""
        self.events_are_read = True
        return self.aggregator(name, "--from-events", *more)

    def _of_the_stream(self, command: str, name: str, *more: str) -> Service:
        reach = ("--kafka", self.bootstrap, "--database", self.database)
        group = ("--group", self.group(command), "--session-timeout", str(SESSION_S))
        return self.service(name, command, *reach, *group, *more)

    def group(self, command: str) -> str:
        """Its consumers' alone: those that the test before killed hold nobody up."""
        return f"copq-{command}-{self.number}"

    def close(self) -> None:
        """Nothing outlives the test; pytest shows what is printed here when it failed."""
        self._disconnect()
        for service in self.services:
            print(service.tail())
            service.kill()

    async def import_rates(self, text: str = "") -> None:
        conn = await asyncpg.connect(self.database)
        for rates in [text] if text else [RATES, GADGET]:
            await import_rates(conn, parse_rates(rates), "test", "test")
        await conn.close()

    async def is_right(self, facts: Iterable[Fact]) -> None:
        """Wait until everything sent has arrived; then nothing may be missing, nothing twice."""
        known = {fact.event_id: fact for fact in facts}
        await until(lambda: self._has(len(known)), f"{len(known)} events are in the ledger")
        await until(self._is_drained, "everything on Kafka is posted")
        await self.figures_are_right(known.values())

    async def figures_are_right(self, facts: Collection[Fact]) -> None:
        """Of these events each is there once, and the sums are what the oracle says."""
        conn = await asyncpg.connect(self.database)
        stored = len(facts) + sum(fact.replacement is not None for fact in facts)
        assert await conn.fetchval("select count(*) from copq.event") == stored
        assert await rollups(conn) == expected(facts)
        assert await verify(conn) == []
        await conn.close()

    async def count(self) -> int:
        """Events in the ledger; -1 while Postgres is away."""
        try:
            conn = await self._connection()
            found: int = await conn.fetchval("select count(*) from copq.event_key", timeout=5)
            return found
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._disconnect()
            return -1

    async def _connection(self) -> asyncpg.Connection:
        """The one that counts, since the tests count often."""
        if self._conn is None or self._conn.is_closed():
            self._conn = await asyncpg.connect(self.database, timeout=5)
        return self._conn

    def _disconnect(self) -> None:
        if self._conn is not None:
            self._conn.terminate()
            self._conn = None

    async def holds(self, ids: Collection[str]) -> bool:
        """Whether these events are all in the ledger."""
        conn = await asyncpg.connect(self.database)
        query = "select count(*) from copq.event where event_id = any($1::text[])"
        found: int = await conn.fetchval(query, list(set(ids)))
        await conn.close()
        return found == len(set(ids))

    async def has_more_than(self, number: int) -> None:
        """Wait until so many events are in the ledger: the stream is in full flow."""
        await until(lambda: self._has(number), f"{number} events are in the ledger")

    async def _has(self, number: int) -> bool:
        ended = [service.name for service in self.services if service.has_failed]
        assert not ended, f"{ended} ended by itself"
        return await self.count() >= number

    async def _is_drained(self) -> bool:
        """All that was sent is priced or refused, and all that was priced lies below the fence."""
        topic = EVENTS if self.events_are_read else PRICED
        ends, fence = await self.ends(), await self.fence(topic)
        posted = all(fence.get(p, 0) == end for p, end in ends[topic].items())
        if self.events_are_read or not posted:
            return posted
        return sum(ends[EVENTS].values()) <= sum(
            sum(ends[topic].values()) for topic in (PRICED, REJECTED)
        )

    async def fence(self, topic: str = PRICED) -> dict[int, int]:
        conn = await asyncpg.connect(self.database)
        rows = await conn.fetch(
            "select partition, next_offset from copq.fence where topic = $1", topic
        )
        await conn.close()
        return {row["partition"]: row["next_offset"] for row in rows}

    async def make_anew(self, *topics: str) -> None:
        await self.remove(*topics)
        await make_topics(Brokers(self.bootstrap), PARTITIONS)

    async def remove(self, *topics: str) -> None:
        """Delete the topics where they are there, and wait until they are gone."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()

        async def gone() -> bool:
            # One that was just made may not be listed yet, so what shows up later goes, too.
            if there := set(topics) & set(await admin.list_topics()):
                await admin.delete_topics(list(there))
            return not there

        await until(gone, "the topics are deleted")
        await admin.close()

    async def ends(self) -> dict[str, dict[int, int]]:
        """How far each topic goes, by partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await consumer.start()
        try:
            tps = [TopicPartition(topic, p) for topic in TOPICS for p in range(PARTITIONS)]
            found: dict[str, dict[int, int]] = {topic: {} for topic in TOPICS}
            for tp, offset in (await consumer.end_offsets(tps)).items():
                found[tp.topic][tp.partition] = offset
            return found
        finally:
            await consumer.stop()

    async def priced(self) -> int:
        """Messages that costing has published, repeats and all."""
        return sum((await self.ends())[PRICED].values())

    async def prices(self, more: int) -> None:
        """Wait until so many more are priced."""
        enough = await self.priced() + more

        async def priced() -> bool:
            return await self.priced() >= enough

        await until(priced, f"{more} more are priced")

    async def repeats(self) -> int:
        """Messages that costing published more than once."""
        ends = {topic: sum(found.values()) for topic, found in (await self.ends()).items()}
        return ends[PRICED] + ends[REJECTED] - ends[EVENTS]


async def rollups(conn: asyncpg.Connection) -> dict[Bucket, Sums]:
    rows = await conn.fetch(_ROLLUPS)
    return {
        (r["grain"], r["line"], r["product"], r["element"], r["day"], r["hour"]): Sums(
            r["quantity"],
            r["gross"],
            r["base"],
            None if r["element"] == "downtime" else r["entries"],
        )
        for r in rows
    }
