"""Whether the log and the fence are still the ones that a worker reads."""

import asyncio
import logging
from collections.abc import Collection, Mapping

from aiokafka.errors import KafkaError

from copq.aggregator.fence_connection import FenceConnection
from copq.aggregator.fetched_batch import Logs
from copq.database.connections import AWAY
from copq.kafka.fence import Fence
from copq.kafka.log_reader import LogReader

CHECK_S = 2.0
"""How often log and fence are checked while no batch arrives."""

log = logging.getLogger(__name__)


class LogWatch:
    """Remembers the logs that are read and the offsets that are booked, and compares both."""

    def __init__(self, topic: str, reader: LogReader, store: FenceConnection) -> None:
        self._topic, self._reader, self._store = topic, reader, store
        self.logs: Logs = {}
        self._booked: dict[int, int] = {}
        self._checked = 0.0

    def mark_booked(self, offsets: Mapping[int, int]) -> None:
        """Note that the ledger is committed up to these offsets."""
        self._booked |= offsets

    async def is_as_before(self, assigned: Collection[int], has_records: bool) -> bool:
        """Whether nothing has changed: the logs with each batch, the fence every few seconds."""
        now = asyncio.get_running_loop().time()
        is_due = now - self._checked >= CHECK_S
        if not has_records and not is_due:
            return True
        if not await self._logs_are_as_before(assigned):
            return False
        if not is_due:
            return True
        self._checked = now
        return await self.fence_is_as_booked(assigned)

    async def _logs_are_as_before(self, assigned: Collection[int]) -> bool:
        try:
            logs = await self._reader.identities(self._topic)
        except (KafkaError, OSError) as error:
            log.info("Kafka does not say which log it has: %r", error)
            return False
        return all(logs.get(p) == self.logs.get(p) for p in assigned)

    async def fence_is_as_booked(self, assigned: Collection[int]) -> bool:
        """False if Postgres has lost what it had committed, in a crash or by a restore."""
        before = dict(self._booked)  # A batch may be committed while the answer is on its way.
        try:
            fences = await self._store.read()
        except AWAY as error:
            self._store.disconnect()
            log.info("the fence is checked later: %r", error)
            return True
        return all(
            self._is_as_booked(p, fences.get(p, Fence()).next_offset, before.get(p, 0))
            for p in assigned
        )

    def _is_as_booked(self, partition: int, offset: int, booked: int) -> bool:
        if offset < booked:
            log.warning(
                "%s, partition %d: the ledger went back from %d to %d: reading again from "
                "there", self._topic, partition, booked, offset,
            )  # fmt: skip
        return offset >= booked
