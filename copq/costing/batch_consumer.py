"""Faust in batches: the records fetched from a partition become one message.

Faust makes four tasks for each message, which is slow for messages of microseconds. Here a message
is a list of records. Its offset is the last record's, so its acknowledgement covers all of them.

`Progress` records how far a partition is done, as a fence, and the commit stores the fence as
metadata. Faust's own records of offsets are not used: they can be left with holes, after which
Faust never commits the partition again, and they drop known offsets when a log has become shorter.
Written for faust-streaming 0.15, which is pinned.
"""

import asyncio
import logging
from time import monotonic
from typing import Any

from aiokafka.errors import ConsumerStoppedError, KafkaError
from aiokafka.structs import TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from tenacity import wait_fixed

from copq.costing.consumer_thread import FenceThread
from copq.costing.fetched_records import BatchMessage, FetchedRecords, pack
from copq.costing.partition_logs import fences_in, identify_logs
from copq.costing.progress import Progress
from copq.kafka.brokers import Brokers
from copq.kafka.log_reader import LogReader
from copq.process.retry import keep_trying

FINISHED_WITHIN_S = 3
"""Records that take longer are read again by the partition's next worker."""

CHECK_S = 2.0
"""How often the log is checked while no batch arrives."""
AGAIN_S = 1

PATIENCE_S = 0.02
"""How long one fetch waits. Faust fetches from the partitions whose buffers had room when the fetch
began, so a longer fetch would miss buffers that empty in the meantime."""

log = logging.getLogger(__name__)


class BatchConsumer(Consumer):
    """Faust's consumer with its own record of progress, and with batches as messages."""

    _thread: Any
    _unacked_messages: Any

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        transport: Any = self.transport
        self._reader = LogReader(transport.brokers)
        self.progress = Progress()
        self._checked = 0.0
        self._doubt = False

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return FenceThread(self, loop=self.loop, beacon=self.beacon)

    async def on_start(self) -> None:
        await super().on_start()
        await self._reader.start()

    async def on_stop(self) -> None:
        await super().on_stop()
        await self._reader.close()

    def ack(self, message: BatchMessage) -> bool:  # type: ignore[override]
        """Mark all records up to the end of this batch as done."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        self.progress.finish(message.tp, message.value)
        return True

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit the records that are done and not committed yet."""
        ready = self.progress.uncommitted()
        if not ready or not await self._thread.commit(ready):
            return False
        self.progress.mark_committed(ready)
        return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit before partitions are revoked: Faust would drop the progress before its commit."""
        self.stop_flow()
        self.app.flow_control.suspend()
        deadline = monotonic() + FINISHED_WITHIN_S
        while self._unacked_messages and monotonic() < deadline:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        await self.commit_all()
        self.progress.forget(revoked)
        await super().on_partitions_revoked(revoked)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: Faust's own records do not have these commits. `copq.kafka.lag` watches
        instead."""

    async def commit_all(self) -> None:
        """Commit all acknowledged records, including those acknowledged during a running commit."""
        await self.maybe_wait_for_commit_to_finish()
        await self.commit()

    async def perform_seek(self) -> None:
        """Seek to the commits, or to the start of a log that is not the committed one."""
        await keep_trying(self._seek_all, (KafkaError, OSError), wait_fixed(AGAIN_S), _report_seek)

    async def _seek_all(self) -> None:
        if self.should_stop:
            return
        logs = await identify_logs(self._reader, self.assignment())
        committed = await self._thread.committed()
        fences = await fences_in(self._reader, committed, logs)
        self.progress.begin(fences)
        same = {tp: f for tp, f in fences.items() if f.next_offset == committed[tp].next_offset}
        self.progress.mark_committed(same)
        offsets = {TopicPartition(*tp): fence.next_offset for tp, fence in fences.items()}
        await self._thread.seek_wait(offsets)
        self._doubt = False

    async def _wait_next_records(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> tuple[Any, set[TP] | None]:
        generation = self.app.consumer_generation_id
        records, active = await super()._wait_next_records(min(timeout, PATIENCE_S))
        as_before = not self._doubt and await self._is_as_before(bool(records))
        # Records fetched before a rebalance may no longer follow the commit.
        if not as_before or self.app.consumer_generation_id != generation:
            self._doubt = True
            await self.perform_seek()
            return {}, active
        logs = self.progress.logs
        return {
            tp: [pack(FetchedRecords(found, logs[tp]))]
            for tp, found in (records or {}).items()
            if found and tp in logs
        }, active

    async def _is_as_before(self, has_records: bool) -> bool:
        """Whether the logs are still those that this worker reads."""
        if not has_records and monotonic() - self._checked < CHECK_S:
            return True
        self._checked = monotonic()
        try:
            logs = await identify_logs(self._reader, self.assignment())
        except (KafkaError, OSError) as error:
            log.info("Kafka does not say which log it has: %r", error)
            return False
        return all(logs.get(tp) == self.progress.logs.get(tp) for tp in self.assignment())

    async def _drain_messages(self, fetcher: Any) -> None:
        """Replaces Faust's method, which drops known offsets: in a truncated log they are new
        records."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for _, message in self.getmany(timeout=1.0):
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
                await asyncio.sleep(0)
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise


def _report_seek(error: BaseException, _: float) -> None:
    log.warning("seeking is tried again: %r", error)


class BatchTransport(Transport):
    Consumer = BatchConsumer

    def __init__(self, brokers: Brokers, **settings: Any) -> None:
        self.brokers = brokers
        super().__init__(**settings)
