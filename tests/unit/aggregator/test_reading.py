"""What a worker reads while other things happen, without Kafka or Postgres."""

import asyncio
from decimal import localcontext
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from copq.aggregator import fence_connection
from copq.aggregator.fence import Gap
from copq.aggregator.fenced_topic import FencedReader, ReaderSettings
from copq.aggregator.fetched_batch import Fetched
from copq.aggregator.readings import PricedEvents
from copq.kafka.brokers import Brokers
from copq.kafka.fence import Fence
from copq.kafka.identity import LogIdentity
from copq.kafka.topics import PRICED
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch
from copq.pricing.price import price
from copq.schemas.decode import decode
from copq.schemas.priced import encode
from tests.support.building import book, defect

LOG = LogIdentity("first", 1)
LOGS = {0: LOG, 1: LOG}


class Consumer:
    """Has both partitions, and takes a commit where `takes` says so."""

    def __init__(self) -> None:
        self.takes = False
        self.committed: dict[int, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(PRICED, partition) for partition in LOGS}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if not self.takes:
            raise KafkaError
        self.committed |= {tp.partition: offset for tp, offset in offsets.items()}


@pytest.fixture
def reader() -> FencedReader:
    settings = ReaderSettings(Brokers(""), "", PRICED, "group", 10, 1.0)
    found = FencedReader(settings, asyncio.Event())
    found._consumer = Consumer()
    return found


async def test_a_batch_read_ahead_twice_is_no_hole_in_the_log(reader: FencedReader) -> None:
    """What lies before it was read between, and left because of another partition."""
    fences = {0: Fence(100, LOG), 1: Fence(50, LOG)}
    for first in ({0: 200}, {1: 60, 0: 100}, {0: 200}):
        with pytest.raises(Gap):
            reader.refuse_gap(first, LOGS, fences)


async def test_a_commit_that_kafka_did_not_take_is_sent_again(reader: FencedReader) -> None:
    """Otherwise a partition of which nothing more comes looks stuck."""
    reader.mark_booked({0: Fence(5), 1: Fence(7)})
    await reader.hints.send(reader._consumer, reader.assigned(), 1)
    reader.mark_booked({1: Fence(9)})
    reader._consumer.takes = True
    await reader.hints.send(reader._consumer, reader.assigned(), 1)
    assert reader._consumer.committed == {0: 5, 1: 9}


async def test_a_batch_that_is_committed_meanwhile_is_no_lost_ledger(
    reader: FencedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_fence(conn: Any, topic: str) -> dict[int, Fence]:
        reader.mark_booked({0: Fence(10)})
        return {0: Fence(5), 1: Fence()}

    async def connect(*_: Any) -> Any:
        return SimpleNamespace(is_closed=lambda: False)

    monkeypatch.setattr(fence_connection, "read_fence", read_fence)
    monkeypatch.setattr(fence_connection, "connect", connect)
    reader.mark_booked({0: Fence(5)})
    assert await reader.watch.fence_is_as_booked(reader.assigned())


def message(event_id: str) -> bytes:
    event = decode(defect(event_id, "2026-03-02T10:00:00Z"))
    with localcontext(MONEY):
        return encode(defect(event_id, "2026-03-02T10:00:00Z"), price(event, book()))


def test_a_message_of_a_strange_event_is_kept_as_broken() -> None:
    strange = message("b").replace(b'"event_type": "defect"', b'"event_type": "unheard of"')
    values = [message("a"), strange, b"not ours"]
    records = [
        ConsumerRecord(PRICED, 0, offset, 0, 0, None, value, None, 0, 0, ())
        for offset, value in enumerate(values)
    ]
    fetched = Fetched.of({0: records}, LOGS, PricedEvents())
    assert (fetched.batch.seen, len(fetched.broken)) == ({"a"}, 2)
    again = fetched.priced_with(book())
    assert again.batch.seen == {"a"}
    assert sorted(e.origin.offset for e in again.broken if e.origin) == [1, 2]
    assert len(fetched.broken) == 2


def test_an_id_is_free_again_where_its_message_is_broken() -> None:
    batch = Batch()
    broken = message("a").replace(b'"occurred_at": "2026', b'"occurred_at": "in 2026')
    with pytest.raises(ValueError, match="date and time"):
        batch.add(broken)
    batch.add(message("a"))
    assert (batch.events, len(batch.rows), batch.again) == (1, 1, [])
