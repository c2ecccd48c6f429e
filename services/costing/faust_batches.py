"""Faust in batches: what was fetched from a partition becomes one message.

Faust makes four tasks a message, which is slow for messages of microseconds. Here one message
of an agent's stream is a list of records; its offset is that of the last, so that its
acknowledgement covers them all. Written against, and pinned to, faust-streaming 0.15.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from mode.threads import ServiceThread, WorkerThread

STOPPED_WITHIN_S = 2
FINISHED_WITHIN_S = 3
"""What takes longer is read again by whom the partition goes to."""

log = logging.getLogger(__name__)


class RecordBatch(NamedTuple):
    """Records of one partition in order, in the shape of a record: that of the last."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    headers: Sequence[Any]
    key: None
    value: list[ConsumerRecord]
    checksum: None
    serialized_key_size: int
    serialized_value_size: int


def pack(records: Sequence[ConsumerRecord]) -> RecordBatch:
    """One batch of the records fetched from a partition; at least one."""
    last = records[-1]
    return RecordBatch(
        last.topic, last.partition, last.offset, last.timestamp, last.timestamp_type, (), None,
        list(records), None, 0, 0,
    )  # fmt: skip


PATIENCE_S = 0.02
"""How long one fetch waits. Faust fetches from the partitions whose buffers had room when the
fetch began: a longer one would sleep on while buffers empty behind its back."""


class _DaemonThread(WorkerThread):
    """It may wait for Kafka for ever; no process has to wait with it."""

    def __init__(self, service: ServiceThread, **settings: Any) -> None:
        super().__init__(service, **settings)
        self.daemon = True

    def stop(self) -> None:
        self.is_stopped.wait(STOPPED_WITHIN_S)


class _ConsumerThread(AIOKafkaConsumerThread):
    Worker = _DaemonThread

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Faust crashes where a commit fails, though the next one covers it.

        What can be tried again aiokafka tries again; the rest belongs to another worker by now.
        """
        ours = {tp: offset for tp, offset in offsets.items() if tp in self.assignment()}
        try:
            await self._ensure_consumer().commit(ours)
            return True
        except KafkaError as error:
            log.warning("a commit is left to the next: %r", error)
            return False


class BatchConsumer(Consumer):
    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is done before partitions go: Faust forgets it first, and commits then."""
        self.stop_flow()
        self.app.flow_control.suspend()
        deadline = monotonic() + FINISHED_WITHIN_S
        while self._unacked_messages and monotonic() < deadline:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        await self.commit_all()
        await super().on_partitions_revoked(revoked)

    async def commit_all(self) -> None:
        """Commit what is acknowledged by now: a commit under way may have begun before it was."""
        await self.maybe_wait_for_commit_to_finish()
        await self.commit()

    async def _wait_next_records(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> tuple[Any, set[TP] | None]:
        records, active = await super()._wait_next_records(min(timeout, PATIENCE_S))
        if not records:
            return records, active
        return {tp: [pack(fetched)] for tp, fetched in records.items() if fetched}, active


class BatchTransport(Transport):
    Consumer = BatchConsumer
