"""Whatever Kafka delivers twice, out of order or not at all: a message counts once."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from decimal import localcontext
from typing import Any

import asyncpg
import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from schemas.decode import decode
from schemas.priced import encode
from schemas.rates import RateFile, Stage
from services.aggregator.fence import Fetched
from services.aggregator.stream import AggregatorSettings, AggregatorStream
from services.costing.price import MONEY, price
from services.kafka.brokers import Brokers
from services.kafka.topics import PRICED
from services.rates.store import import_rates
from services.rates.watch import RateWatch
from services.reporting.verify import verify
from tests import building

AT = "2026-03-02T10:00:00Z"


class Log:
    """The topic as a consumer sees it: how far it goes, and where it was told to read on."""

    def __init__(self, starts: int = 0, ends: int = 1_000) -> None:
        self.starts, self.ends = starts, ends
        self.position: dict[int, int] = {}
        self.hints: dict[int, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(PRICED, p) for p in (0, 1)}

    async def beginning_offsets(self, partitions: Iterable[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, self.starts)

    async def end_offsets(self, partitions: Iterable[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, self.ends)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.position[partition.partition] = offset

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.hints = {tp.partition: offset for tp, offset in offsets.items()}


class Worker:
    """An aggregator whose deliveries the test decides on."""

    def __init__(self, database: str, rates: RateWatch, log: Log) -> None:
        settings = AggregatorSettings(Brokers(""), database)
        self.stream = AggregatorStream(settings, rates, asyncio.Event())
        self.log = log
        self.stream._consumer = log

    async def assigned(self) -> dict[int, int]:
        """Where it begins to read."""
        await self.stream.on_partitions_assigned(self.log.assignment())
        return self.log.position

    async def delivered(self, partition: int, *offsets: int) -> None:
        """Message N of a partition is a defect of a unit of its own, worth 10."""
        found = [record(partition, offset) for offset in offsets]
        await self.stream._post(Fetched.of({partition: found}))


def record(partition: int, offset: int, raw: bytes | None = None) -> ConsumerRecord[Any, Any]:
    event = building.defect(f"d-{partition}-{offset}", AT)
    with localcontext(MONEY):
        value = encode(event, price(decode(event), building.book())) if raw is None else raw
    return ConsumerRecord(PRICED, partition, offset, 0, 0, None, value, None, 0, 0, ())


@pytest.fixture
async def worker(database: str, conn: asyncpg.Connection) -> AsyncIterator[Worker]:
    await import_rates(conn, building.rates(), "test", "test")
    rates = RateWatch(database)
    await rates.first()
    found = Worker(database, rates, Log())
    await found.assigned()
    yield found
    found.stream._disconnect()


async def events(conn: asyncpg.Connection) -> int:
    """How many there are; by then the sums have to be theirs."""
    count: int = await conn.fetchval("select count(*) from copq.event")
    gross = await conn.fetchval("select sum(gross) from copq.rollup where grain = 'hour'")
    assert (gross or 0) == 10 * count
    assert await verify(conn) == []
    return count


async def fence(conn: asyncpg.Connection) -> dict[int, int]:
    return {r["partition"]: r["next_offset"] for r in await conn.fetch("select * from copq.fence")}


async def test_a_batch_that_comes_twice_counts_once(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    for _ in range(2):
        await worker.delivered(0, 0, 1, 2)
    assert await events(conn) == 3
    assert await fence(conn) == {0: 3, 1: 0}
    assert worker.log.hints == {0: 3}


async def test_of_a_batch_that_overlaps_the_fence_the_rest_counts(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    await worker.delivered(0, 0, 1, 2)
    await worker.delivered(0, 1, 2, 3, 4)
    assert await events(conn) == 5
    assert await fence(conn) == {0: 5, 1: 0}


async def test_a_batch_beyond_a_gap_waits_until_the_gap_was_read(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    await worker.delivered(0, 0, 1)
    await worker.delivered(0, 4, 5)
    assert await events(conn) == 2
    assert worker.log.position[0] == 2
    await worker.delivered(0, 2, 3, 4, 5)
    assert await events(conn) == 6


async def test_offsets_that_the_log_itself_lacks_are_no_gap(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    """Compaction and aborted transactions leave holes."""
    await worker.delivered(0, 0, 3, 7)
    await worker.delivered(0, 9, 10)
    assert worker.log.position[0] == 8
    await worker.delivered(0, 9, 10)
    assert await events(conn) == 5


async def test_two_workers_that_both_own_a_partition_count_it_once(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    other = Worker(worker.stream.settings.database, worker.stream.rates, Log())
    await asyncio.gather(*(w.delivered(0, *range(500)) for w in (worker, other)))
    await asyncio.gather(other.delivered(0, 500, 501), worker.delivered(1, 0, 1))
    other.stream._disconnect()
    assert await events(conn) == 504


async def test_a_partition_that_the_ledger_has_not_met_begins_at_its_start(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    await conn.execute("delete from copq.fence")
    await worker.delivered(0, 5)
    assert worker.log.position == {0: 0, 1: 0}
    assert await events(conn) == 0


async def test_a_topic_made_anew_is_read_from_its_start_and_known_events_stay_one(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    await worker.delivered(0, *range(10))
    worker.log.ends = 5
    assert await worker.assigned() == {0: 0, 1: 0}
    await worker.delivered(0, *range(12))
    assert await events(conn) == 12
    assert await fence(conn) == {0: 12, 1: 0}


async def test_what_kafka_deleted_unread_is_passed_over_and_reported(
    worker: Worker, conn: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await worker.delivered(0, 0)
    worker.log.starts = 50
    assert await worker.assigned() == {0: 50, 1: 50}
    assert "deleted unread" in caplog.text
    await worker.delivered(0, 50)
    assert await events(conn) == 2


async def test_what_is_no_priced_event_is_kept_with_its_origin_and_the_rest_counts(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    records = [record(0, 0), record(0, 1, b"\x00 not ours"), record(0, 2)]
    for _ in range(2):
        await worker.stream._post(Fetched.of({0: records}))
    assert await events(conn) == 2
    [row] = await conn.fetch("select * from copq.rejected")
    origin = (row["origin_topic"], row["origin_partition"], row["origin_offset"])
    assert (row["code"], origin, row["payload"]) == (
        "not_priced", (PRICED, 0, 1), b"\x00 not ours",
    )  # fmt: skip


async def test_an_error_in_the_middle_leaves_nothing_and_the_same_batch_may_come_again(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    await conn.execute("alter table copq.rollup add constraint no_more check (entries < 3)")
    with pytest.raises(asyncpg.CheckViolationError):
        await worker.delivered(0, 0, 1, 2)
    assert await events(conn) == 0
    assert await fence(conn) == {0: 0, 1: 0}
    await conn.execute("alter table copq.rollup drop constraint no_more")
    await worker.delivered(0, 0, 1, 2)
    assert await events(conn) == 3


async def test_what_was_priced_before_rates_came_into_force_is_booked_at_these(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    stage = {"stage": "S2", "raw_material": "20"}
    [old] = building.rates().cost_tables
    dearer = old.model_copy(update={"stages": (*old.stages[:1], Stage.model_validate(stage))})
    await import_rates(conn, RateFile(cost_tables=(dearer,)), "dearer", "test")
    renewing = asyncio.create_task(worker.stream.rates.run())
    await worker.delivered(0, 0, 1)
    renewing.cancel()
    assert await conn.fetchval("select sum(gross) from copq.rollup where grain = 'hour'") == 40
    assert await conn.fetchval("select array_agg(distinct rate_version) from copq.ledger") == [2]
    assert await fence(conn) == {0: 2, 1: 0}
    assert await verify(conn) == []
