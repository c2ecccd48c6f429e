"""Whatever Kafka delivers twice, out of order or not at all: a message counts once."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from decimal import localcontext
from typing import Any

import asyncpg
import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from copq.aggregator.fenced_topic import FencedReader
from copq.aggregator.fetched_batch import Fetched
from copq.aggregator.log_watch import CHECK_S
from copq.aggregator.readings import PricedEvents
from copq.aggregator.stream import AggregatorSettings, AggregatorStream
from copq.figures.verify import verify
from copq.kafka.brokers import Brokers
from copq.kafka.identity import LogIdentity, fingerprint
from copq.kafka.metrics import EVENTS
from copq.kafka.topics import PRICED
from copq.ledger.arithmetic import MONEY
from copq.pricing.price import price
from copq.rates.store import import_rates
from copq.rates.watch import RateWatch
from copq.schemas.decode import decode
from copq.schemas.priced import encode
from copq.schemas.rates import RateFile, Stage
from tests.support import building

AT = "2026-03-02T10:00:00Z"


class Log:
    """The topic as a consumer sees it: how far it goes, and where it was told to read on."""

    def __init__(self, starts: int = 0, ends: int = 1_000) -> None:
        self.starts, self.ends = starts, ends
        self.identity = LogIdentity("first", 1)
        self.others: set[int] = set()
        """Offsets at which other records lie than those that were delivered."""
        self.position: dict[int, int] = {}
        self.hints: dict[int, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(PRICED, p) for p in (0, 1)}

    async def getmany(self, timeout_ms: int) -> dict[Any, Any]:
        return {}

    async def identities(self, topic: str) -> dict[int, LogIdentity]:
        return dict.fromkeys((0, 1), self.identity)

    async def bounds(self, places: Iterable[Any]) -> dict[Any, tuple[int, int]]:
        return dict.fromkeys(places, (self.starts, self.ends))

    async def fingerprint_at(self, place: TopicPartition, offset: int) -> str:
        known = fingerprint(record(place.partition, offset))
        return "another" if offset in self.others else known

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.position[partition.partition] = offset

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.hints |= {tp.partition: offset for tp, offset in offsets.items()}


def read_log(reader: FencedReader, log: Any) -> None:
    """Let the reader read this log instead of one of Kafka."""
    reader._consumer = reader._log_reader = reader.watch._reader = log


class Worker:
    """An aggregator whose deliveries the test decides on."""

    def __init__(self, database: str, rates: RateWatch, log: Log) -> None:
        settings = AggregatorSettings(Brokers(""), database)
        self.stream = AggregatorStream(settings, rates, PricedEvents(), asyncio.Event())
        self.log = log
        self.reader = self.stream.reader
        read_log(self.reader, log)

    async def assigned(self) -> dict[int, int]:
        """Where it begins to read."""
        await self.reader.on_partitions_assigned(self.log.assignment())
        return self.log.position

    async def looks(self) -> dict[int, int]:
        """Where it reads on, once it has looked at log and fence."""
        self.reader.watch._checked = -CHECK_S
        await self.reader.fetch()
        return self.log.position

    async def delivered(self, partition: int, *offsets: int) -> None:
        """Message N of a partition is a defect of a unit of its own, worth 10."""
        await self.booked([record(partition, offset) for offset in offsets])

    async def booked(self, records: list[ConsumerRecord]) -> None:
        [partition] = {record.partition for record in records}
        await self.stream.poster.post(
            Fetched.of({partition: records}, self.reader.watch.logs, PricedEvents())
        )

    def close(self) -> None:
        self.stream.connections.drop_all()
        self.reader.store.disconnect()


def record(partition: int, offset: int, raw: bytes | None = None) -> ConsumerRecord[Any, Any]:
    event = building.defect(f"d-{partition}-{offset}", AT)
    with localcontext(MONEY):
        value = encode(event, price(decode(event), building.book())) if raw is None else raw
    return ConsumerRecord(PRICED, partition, offset, 0, 0, None, value, None, 0, 0, ())


@pytest.fixture
async def worker(database: str, conn: asyncpg.Connection) -> AsyncIterator[Worker]:
    await import_rates(conn, building.rates(), "test", "test")
    rates = RateWatch(database)
    await rates.first(asyncio.Event())
    found = Worker(database, rates, Log())
    await found.assigned()
    yield found
    found.close()


async def events(conn: asyncpg.Connection) -> int:
    """How many there are; by then the sums have to be theirs."""
    count: int = await conn.fetchval("select count(*) from copq.event")
    gross = await conn.fetchval("select sum(gross) from copq.rollup where grain = 'hour'")
    assert (gross or 0) == 10 * count
    assert await verify(conn) == []
    return count


async def fence(conn: asyncpg.Connection) -> dict[int, int]:
    rows = await conn.fetch("select partition, next_offset from copq.fence order by 1")
    return dict(map(tuple, rows))


async def test_a_batch_that_comes_twice_counts_once(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    for _ in range(2):
        await worker.delivered(0, 0, 1, 2)
    assert await events(conn) == 3
    assert await fence(conn) == {0: 3, 1: 0}
    await worker.looks()
    assert worker.reader.hints.sending is not None
    await worker.reader.hints.sending
    assert worker.log.hints == {0: 3, 1: 0}


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
    for _ in range(2):
        await worker.delivered(0, 9, 10)
        await worker.delivered(0, 12)
    assert worker.log.position[0] == 11
    await worker.delivered(0, 12)
    assert await events(conn) == 6


async def test_two_workers_that_both_own_a_partition_count_it_once(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    other = Worker(worker.stream.settings.database, worker.stream.rates, Log())
    await other.assigned()
    await asyncio.gather(*(w.delivered(0, *range(500)) for w in (worker, other)))
    await asyncio.gather(other.delivered(0, 500, 501), worker.delivered(1, 0, 1))
    other.close()
    assert await events(conn) == 504


async def test_a_partition_that_the_ledger_has_not_met_begins_at_its_start(
    worker: Worker, conn: asyncpg.Connection
) -> None:
    await conn.execute("delete from copq.fence")
    await worker.delivered(0, 5)
    assert worker.log.position == {0: 0, 1: 0}
    assert await events(conn) == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ends": 5}, "the log ends at 5, before 10"),
        ({"identity": LogIdentity("second", 0)}, "the topic was deleted and made again"),
        ({"identity": LogIdentity("first", 2), "others": {9}}, "another record lies at offset 9"),
        ({"others": {9}}, "another record lies at offset 9"),
    ],
)
async def test_another_log_is_read_from_its_start_and_known_events_stay_one(
    worker: Worker, conn: asyncpg.Connection, caplog: pytest.LogCaptureFixture,
    change: dict[str, Any], why: str,
) -> None:  # fmt: skip
    await worker.delivered(0, *range(10))
    for name, value in change.items():
        setattr(worker.log, name, value)
    assert await worker.assigned() == {0: 0, 1: 0}
    assert why in caplog.text
    await worker.delivered(0, *range(12))
    assert await events(conn) == 12
    assert await fence(conn) == {0: 12, 1: 0}


@pytest.mark.parametrize("other", [LogIdentity("second", 0), LogIdentity("first", 2)])
async def test_a_running_worker_notices_another_log_before_it_books_from_it(
    worker: Worker, conn: asyncpg.Connection, other: LogIdentity
) -> None:
    await worker.delivered(0, *range(10))
    worker.log.identity, worker.log.others = other, {9}
    assert await worker.looks() == {0: 0, 1: 0}


async def test_another_leader_of_the_same_log_changes_nothing(
    worker: Worker, conn: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await worker.delivered(0, *range(10))
    worker.log.identity = LogIdentity("first", 2)
    assert await worker.looks() == {0: 10, 1: 0}
    assert not caplog.text


@pytest.mark.parametrize("other", [LogIdentity("second", 0), LogIdentity("first", 2)])
async def test_what_was_read_from_the_old_log_moves_no_fence_of_the_new_one(
    worker: Worker, conn: asyncpg.Connection, other: LogIdentity
) -> None:
    late = Fetched.of(
        {0: [record(0, n) for n in range(5)]}, worker.reader.watch.logs, PricedEvents()
    )
    worker.log.identity = other
    await worker.looks()
    await worker.stream.poster.post(late)
    assert await fence(conn) == {0: 0, 1: 0}


async def test_an_event_below_the_fence_that_the_ledger_lacks_is_booked_and_reported(
    worker: Worker, conn: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await worker.delivered(0, 7, 8)
    await worker.delivered(0, 7, 8)
    before = outcomes()
    await worker.delivered(0, 5, 6, 7, 8, 9)
    assert await events(conn) == 5
    assert "2 of 4 records below the fence were not in the ledger" in caplog.text
    counted = {name: value - before.get(name, 0) for name, value in outcomes().items()}
    assert {name: more for name, more in counted.items() if more} == {
        "posted": 1, "fenced": 2, "fenced_unknown": 2,
    }  # fmt: skip


def outcomes() -> dict[str, float]:
    [metric] = EVENTS.collect()
    return {
        sample.labels["outcome"]: sample.value
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["stage"] == "aggregator"
    }


async def test_a_fence_that_went_back_is_read_from_again_without_any_event(
    worker: Worker, conn: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that crashes loses its last commits: `synchronous_commit` is off."""
    await worker.delivered(0, *range(10))
    await conn.execute("update copq.fence set next_offset = 4, fingerprint = ''")
    assert await worker.looks() == {0: 4, 1: 4}
    assert "the ledger went back from 10 to 4" in caplog.text


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
        await worker.booked(records)
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
