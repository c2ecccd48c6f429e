"""A topic that is read from the fence in Postgres, while the log is the one that the fence names.

Each batch and every few seconds the reader checks what may change under a running worker: the log
(another topic, another leader, a restored broker) and the fence (a Postgres that lost its last
commits or was restored). After a change it reads the partitions again from the fence, or from their
start if the log is another one. Event ids keep the figures exact.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition
from tenacity import wait_fixed

from copq.aggregator import metrics
from copq.aggregator.commit_hints import LAST_HINT_S, CommitHints
from copq.aggregator.fence import make_fence, move_fence
from copq.aggregator.fence_connection import FenceConnection
from copq.aggregator.fetched_batch import Logs, Records
from copq.aggregator.gaps import Gaps
from copq.aggregator.log_watch import LogWatch
from copq.database.connections import AWAY
from copq.kafka.brokers import Brokers
from copq.kafka.closed_connections import expect_closed_connections
from copq.kafka.closing import close_consumer
from copq.kafka.fence import Fence, fence_in
from copq.kafka.log_reader import LogReader
from copq.kafka.topics import METADATA_MS
from copq.process.retry import keep_trying
from copq.process.stopping import unless_stopped

AGAIN_S = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    brokers: Brokers
    database: str
    topic: str
    group: str
    at_once: int
    """The maximum number of records in one batch."""
    session_timeout_s: float

    def consumer(self) -> AIOKafkaConsumer:
        """A consumer that commits and seeks only on request."""
        return AIOKafkaConsumer(
            **self.brokers.settings(), group_id=self.group,
            enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=500,
            metadata_max_age_ms=METADATA_MS, max_partition_fetch_bytes=4 * 1024 * 1024,
            max_poll_records=self.at_once,
            session_timeout_ms=int(self.session_timeout_s * 1000),
            heartbeat_interval_ms=int(self.session_timeout_s * 100),
        )  # fmt: skip


class FencedReader(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads a topic for one worker.

    The caller books each batch in a transaction: it locks the fence, calls `refuse_gap`, moves the
    fence, commits, and then calls `mark_booked`.
    """

    def __init__(self, settings: ReaderSettings, stop: asyncio.Event) -> None:
        topic = settings.topic
        self.settings, self.topic, self._stop = settings, topic, stop
        self.dealt = asyncio.Event()
        """Set once partitions were assigned for the first time."""
        self._consumer: Any = None
        self._log_reader = LogReader(settings.brokers)
        self.store = FenceConnection(settings.database, topic)
        self.watch = LogWatch(topic, self._log_reader, self.store)
        self.hints = CommitHints(topic)
        self._gaps = Gaps(topic)
        self._doubt = False

    async def start(self) -> None:
        expect_closed_connections()
        self._consumer = self.settings.consumer()
        await self._log_reader.start()
        await self._consumer.start()
        self._consumer.subscribe([self.settings.topic], listener=self)

    async def close(self) -> None:
        self.store.disconnect()
        if self._consumer is not None:
            await self.hints.send(self._consumer, self.assigned(), LAST_HINT_S)
            await close_consumer(self._consumer)
        await self._log_reader.close()

    def assigned(self) -> list[int]:
        """This worker's partitions."""
        return [tp.partition for tp in self._consumer.assignment()] if self._consumer else []

    async def fetch(self) -> tuple[Records, Logs] | None:
        """The next records and their logs; None if no record is available now."""
        records = await self._poll()
        if self._doubt or not await self._is_as_before(bool(records)):
            await self.seek_until_there()
            return None
        self.hints.send_soon(self._consumer, self.assigned())
        return (records, self.watch.logs) if records else None

    async def _poll(self) -> Records:
        try:
            records = await self._consumer.getmany(timeout_ms=200)
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            log.info("reading from the fence: %r", error)
            self._doubt = True
            return {}
        return {tp.partition: found for tp, found in records.items() if found}

    async def _is_as_before(self, has_records: bool) -> bool:
        asking = self.watch.is_as_before(self.assigned(), has_records)
        return bool(await unless_stopped(self._stop, asking))

    def refuse_gap(self, first: Mapping[int, int], logs: Logs, fences: Mapping[int, Fence]) -> None:
        """Raise `Gap` unless a batch that begins at these offsets follows the fence."""
        self._gaps.refuse(first, logs, fences)

    def mark_booked(self, fences: Mapping[int, Fence]) -> None:
        """Note that all records below are committed in Postgres, and commit to Kafka to show
        the lag."""
        offsets = {partition: fence.next_offset for partition, fence in fences.items()}
        self.watch.mark_booked(offsets)
        self._gaps.forget_below(offsets)
        self.hints.add(offsets)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Do nothing: a batch may finish, and the fence keeps it from counting twice."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self.seek_until_there()
        self.dealt.set()

    async def seek_until_there(self) -> None:
        """Continue at the fence, or at the start of a new log."""
        errors = (*AWAY, KafkaError)
        seeking = keep_trying(self._seek, errors, wait_fixed(AGAIN_S), self._report)
        await unless_stopped(self._stop, seeking)

    def _report(self, error: BaseException, _: float) -> None:
        self.store.disconnect()
        log.warning("seeking in %s is tried again: %r", self.settings.topic, error)

    async def _seek(self) -> None:
        if partitions := sorted(self.assigned()):
            for partition, fence in (await self._find_fences(partitions)).items():
                self._consumer.seek(self._place(partition), fence.next_offset)
        self._doubt = False

    async def _find_fences(self, partitions: list[int]) -> dict[int, Fence]:
        """The fences at which to continue in each log; stored as the new fences."""
        topic = self.settings.topic
        async with self.store.transaction() as conn:
            fences = await make_fence(conn, topic, partitions)
            # This is read while the fence is locked, so that nobody moves it in the meantime.
            logs = await self._log_reader.identities(topic)
            current = {
                p: await fence_in(self._log_reader, metrics.STAGE, self._place(p), fences[p], logs)
                for p in partitions
            }
            await move_fence(conn, topic, current)
        self.watch.logs = logs
        self.mark_booked(current)
        return current

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self.settings.topic, partition)
