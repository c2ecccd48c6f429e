"""Faust in batches: the records fetched from a partition become one message.

Faust makes four tasks a message, which is slow for messages of microseconds. Here one message
of an agent's stream is a list of records; its offset is that of the last, so that its
acknowledgement covers them all.

How far a partition is done is kept here as a fence, in Kafka's commit with its metadata: Faust's
own books of offsets can be left with holes, after which it never commits a partition again, and
drop what they take for read when a log became shorter. Written against, and pinned to,
faust-streaming 0.15.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from aiokafka.errors import ConsumerStoppedError, KafkaError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata, TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from mode.threads import ServiceThread, WorkerThread

from services.costing import metrics
from services.kafka.brokers import Brokers
from services.kafka.commits import commits
from services.kafka.fence import Fence, fence_after, fence_in
from services.kafka.identity import LogIdentity
from services.kafka.log_reader import LogReader

STOPPED_WITHIN_S = 2
FINISHED_WITHIN_S = 3
"""Records that take longer are read again by the partition's next worker."""

CHECK_S = 2.0
"""How often the log is checked while no batch arrives."""
AGAIN_S = 1

log = logging.getLogger(__name__)


class FetchedRecords(NamedTuple):
    """What an agent gets: records of one partition, in order, and the log they were read from."""

    records: Sequence[ConsumerRecord]
    log: LogIdentity


class RecordBatch(NamedTuple):
    """Records of one partition in the shape of a record, with the fields of the last one."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    headers: Sequence[Any]
    key: None
    value: FetchedRecords
    checksum: None
    serialized_key_size: int
    serialized_value_size: int


def pack(fetched: FetchedRecords) -> RecordBatch:
    """One batch of the records fetched from a partition; at least one."""
    last = fetched.records[-1]
    return RecordBatch(
        last.topic, last.partition, last.offset, last.timestamp, last.timestamp_type, (), None,
        fetched, None, 0, 0,
    )  # fmt: skip


def commit_of(fence: Fence) -> OffsetAndMetadata:
    """A fence as a commit for Kafka."""
    parts = (fence.log.topic_id, str(fence.log.leader_epoch), fence.fingerprint)
    return OffsetAndMetadata(fence.next_offset, ":".join(parts))


def fence_of(commit: OffsetAndMetadata) -> Fence:
    """The fence of a commit; the commits of other programs have an offset alone."""
    try:
        topic_id, epoch, known = commit.metadata.split(":")
        return Fence(commit.offset, LogIdentity(topic_id, int(epoch)), known)
    except ValueError:
        return Fence(commit.offset)


PATIENCE_S = 0.02
"""How long one fetch waits. Faust fetches from the partitions whose buffers had room when the
fetch began: a longer one would sleep on while buffers empty behind its back."""


class _DaemonThread(WorkerThread):
    """A thread that may wait for Kafka for ever without keeping the process alive."""

    def __init__(self, service: ServiceThread, **settings: Any) -> None:
        super().__init__(service, **settings)
        self.daemon = True

    def stop(self) -> None:
        self.is_stopped.wait(STOPPED_WITHIN_S)


class _ConsumerThread(AIOKafkaConsumerThread):
    Worker = _DaemonThread

    async def _commit(self, fences: Mapping[TP, Fence]) -> bool:  # type: ignore[override]
        """Commit; a failed commit is logged, since the next one covers it, and Faust would crash.

        aiokafka itself retries; the remaining failures are partitions of another worker.
        """
        assigned = self.assignment()
        ours = {TopicPartition(*tp): commit_of(f) for tp, f in fences.items() if tp in assigned}
        try:
            if ours:
                await self._ensure_consumer().commit(ours)
            return True
        except KafkaError as error:
            log.warning("a commit is left to the next: %r", error)
            return False

    async def committed(self) -> dict[TP, Fence]:
        """The fences of this worker's partitions; 0 for a partition without a commit."""
        found: dict[TP, Fence] = await self.call_thread(self._committed)
        return found

    async def _committed(self) -> dict[TP, Fence]:
        consumer = self._ensure_consumer()
        places = list(consumer.assignment())
        found = await commits(consumer, places)
        return {
            TP(*place): fence_of(found[place]) if place in found else Fence() for place in places
        }


class BatchConsumer(Consumer):
    _thread: Any

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        transport: Any = self.transport
        self._reader = LogReader(transport.brokers)
        self._logs: dict[TP, LogIdentity] = {}
        self._done: dict[TP, Fence] = {}
        self._told: dict[TP, Fence] = {}
        self._checked = 0.0
        self._doubt = False

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def on_start(self) -> None:
        await super().on_start()
        await self._reader.start()

    async def on_stop(self) -> None:
        await super().on_stop()
        await self._reader.close()

    def is_current(self, tp: TP, fetched: FetchedRecords) -> bool:
        """Whether the worker still reads the log of these records."""
        return self._logs.get(tp) == fetched.log

    def ack(self, message: Any) -> bool:
        """Mark all records up to the end of this batch as done."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        if self.is_current(message.tp, message.value):
            self._done[message.tp] = fence_after(*message.value)
        return True

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit the records that are done and not committed yet."""
        ready = {tp: f for tp, f in self._done.items() if self._told.get(tp) != f}
        if not ready or not await self._thread.commit(ready):
            return False
        self._told |= ready
        return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit before partitions are revoked: Faust would drop the progress before its commit."""
        self.stop_flow()
        self.app.flow_control.suspend()
        deadline = monotonic() + FINISHED_WITHIN_S
        while self._unacked_messages and monotonic() < deadline:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        await self.commit_all()
        for tp in revoked:
            for kept in (self._logs, self._done, self._told):
                kept.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust's own books know none of these commits. services.kafka.lag watches."""

    async def commit_all(self) -> None:
        """Commit all acknowledged records, also those acknowledged during a running commit."""
        await self.maybe_wait_for_commit_to_finish()
        await self.commit()

    async def perform_seek(self) -> None:
        """Seek to the commits, or to the start of a log that is not the committed one."""
        while not self.should_stop:
            try:
                return await self._seek_all()
            except (KafkaError, OSError) as error:
                log.warning("seeking is tried again: %r", error)
                await asyncio.sleep(AGAIN_S)

    async def _seek_all(self) -> None:
        logs = await self._identities()
        found = {
            tp: await self._fence_in(tp, fence, logs)
            for tp, fence in (await self._thread.committed()).items()
        }
        self._logs |= {tp: fence.log for tp, fence in found.items()}
        self._done |= found
        offsets = {TopicPartition(*tp): fence.next_offset for tp, fence in found.items()}
        await self._thread.seek_wait(offsets)
        self._doubt = False

    async def _fence_in(self, tp: TP, fence: Fence, logs: dict[TP, LogIdentity]) -> Fence:
        of_topic = {place.partition: log for place, log in logs.items() if place.topic == tp.topic}
        place = TopicPartition(*tp)
        there = await fence_in(self._reader, metrics.STAGE, place, fence, of_topic)
        if there.next_offset == fence.next_offset:
            self._told[tp] = there
        return there

    async def _identities(self) -> dict[TP, LogIdentity]:
        """The identities of all this worker's partitions."""
        return {
            TP(topic, partition): found
            for topic in {tp.topic for tp in self.assignment()}
            for partition, found in (await self._reader.identities(topic)).items()
        }

    async def _wait_next_records(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> tuple[Any, set[TP] | None]:
        generation = self.app.consumer_generation_id
        records, active = await super()._wait_next_records(min(timeout, PATIENCE_S))
        as_before = not self._doubt and await self._is_as_before(bool(records))
        # Fetched before partitions were dealt again, they may not follow the commit any more.
        if not as_before or self.app.consumer_generation_id != generation:
            self._doubt = True
            await self.perform_seek()
            return {}, active
        return {
            tp: [pack(FetchedRecords(found, self._logs[tp]))]
            for tp, found in (records or {}).items()
            if found and tp in self._logs
        }, active

    async def _is_as_before(self, has_records: bool) -> bool:
        """Whether the logs are still those that this worker reads."""
        if not has_records and monotonic() - self._checked < CHECK_S:
            return True
        self._checked = monotonic()
        try:
            logs = await self._identities()
        except (KafkaError, OSError) as error:
            log.info("Kafka does not say which log it has: %r", error)
            return False
        return all(logs.get(tp) == self._logs.get(tp) for tp in self.assignment())

    async def _drain_messages(self, fetcher: Any) -> None:
        """Replaces Faust's own, which drops known offsets: in a truncated log they are new."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for _, message in self.getmany(timeout=1.0):
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
                await asyncio.sleep(0)
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise


class BatchTransport(Transport):
    Consumer = BatchConsumer

    def __init__(self, brokers: Brokers, **settings: Any) -> None:
        self.brokers = brokers
        super().__init__(**settings)
