"""The thread in which Faust talks to Kafka: it commits fences, and never keeps a process alive."""

import logging
from collections.abc import Mapping
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP
from mode.threads import ServiceThread, WorkerThread

from copq.costing.commit_fence import commit_of, fence_of
from copq.kafka.commits import commits
from copq.kafka.fence import Fence

STOPPED_WITHIN_S = 2

log = logging.getLogger(__name__)


class _DaemonThread(WorkerThread):
    """A thread that may wait for Kafka for ever without keeping the process alive."""

    def __init__(self, service: ServiceThread, **settings: Any) -> None:
        super().__init__(service, **settings)
        self.daemon = True

    def stop(self) -> None:
        self.is_stopped.wait(STOPPED_WITHIN_S)


class FenceThread(AIOKafkaConsumerThread):
    """Faust's consumer thread, with fences in place of offsets."""

    Worker = _DaemonThread

    async def _commit(self, fences: Mapping[TP, Fence]) -> bool:  # type: ignore[override]
        """Commit. A failed commit is only logged: the next one covers it, and Faust would crash.

        aiokafka retries by itself; the remaining failures are partitions of another worker.
        """
        assigned = self.assignment()
        ours = {TopicPartition(*tp): commit_of(f) for tp, f in fences.items() if tp in assigned}
        try:
            if ours:
                await self._ensure_consumer().commit(ours)
            return True
        except KafkaError as error:
            log.warning("a commit failed, the next one covers it: %r", error)
            return False

    async def committed(self) -> dict[TP, Fence]:
        """The fences of this worker's partitions; 0 for a partition without a commit."""
        found: dict[TP, Fence] = await self.call_thread(self._committed)
        return found

    async def _committed(self) -> dict[TP, Fence]:
        consumer = self._ensure_consumer()
        places = list(consumer.assignment())
        committed = await commits(consumer, places)
        return {
            TP(*place): fence_of(committed[place]) if place in committed else Fence()
            for place in places
        }
