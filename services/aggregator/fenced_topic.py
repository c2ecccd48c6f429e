"""A topic that is read from the fence in Postgres, as long as it is the log that the fence means.

What may change under a running worker is looked at with each batch and every few seconds: the
log (another topic, another leader, a broker that came back) and the fence itself (a Postgres that
lost its last commits, or was restored). Then the partitions are read again from the fence, or
from their start where the log is another one. Event ids keep it exact.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from services.aggregator import metrics
from services.aggregator.fence import Gap, make_fence, move_fence, read_fence
from services.aggregator.fetched_batch import Logs, Records
from services.database.connections import AWAY, DatabaseRole, connect
from services.kafka.brokers import Brokers
from services.kafka.closed_connections import expect_closed_connections
from services.kafka.closing import close_consumer
from services.kafka.fence import Fence, fence_in
from services.kafka.identity import LogIdentity
from services.kafka.log_reader import LogReader
from services.kafka.topics import METADATA_MS

T = TypeVar("T")

CHECK_S = 2.0
"""So often log and fence are looked at while no batch comes."""

HINT_S = 5
LAST_HINT_S = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    brokers: Brokers
    database: str
    topic: str
    group: str
    at_once: int
    """Records of one batch at most."""
    session_timeout_s: float


class FencedReader(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads a topic for one worker.

    The caller books each batch in a transaction: it locks the fence, calls `refuse_gap`, moves the
    fence, commits, and then calls `booked`.
    """

    def __init__(self, settings: ReaderSettings, stop: asyncio.Event) -> None:
        self.settings = settings
        self.dealt = asyncio.Event()
        """Set once partitions were assigned for the first time."""
        self._stop = stop
        self._consumer: Any = None
        self._reader = LogReader(settings.brokers)
        self._conn: asyncpg.Connection | None = None
        self._logs: Logs = {}
        self._booked: dict[int, int] = {}
        self._gaps: set[tuple[int, int, int]] = set()
        self._hints: dict[int, int] = {}
        self._hinting: asyncio.Task[None] | None = None
        self._checked = 0.0
        self._doubt = False
        self._asking = asyncio.Lock()
        """One question at a time: partitions are assigned while others are read."""

    async def start(self) -> None:
        expect_closed_connections()
        settings = self.settings
        self._consumer = AIOKafkaConsumer(
            **settings.brokers.settings(), group_id=settings.group,
            enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=500,
            metadata_max_age_ms=METADATA_MS, max_partition_fetch_bytes=4 * 1024 * 1024,
            max_poll_records=settings.at_once,
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.session_timeout_s * 100),
        )  # fmt: skip
        await self._reader.start()
        await self._consumer.start()
        self._consumer.subscribe([settings.topic], listener=self)

    async def close(self) -> None:
        self._disconnect()
        if self._consumer is not None:
            await self._send_hints(LAST_HINT_S)
            await close_consumer(self._consumer)
        await self._reader.close()

    def assigned(self) -> list[int]:
        """The partitions that are this worker's."""
        return [tp.partition for tp in self._consumer.assignment()] if self._consumer else []

    async def fetch(self) -> tuple[Records, Logs] | None:
        """The next records and the logs that they are from; None where there are none for now."""
        records = await self._poll()
        if self._doubt or not await self._until_stop(self._is_as_before(bool(records)), False):
            await self.seek_until_there()
            return None
        self._hint()
        return (records, self._logs) if records else None

    async def _poll(self) -> Records:
        try:
            got = await self._consumer.getmany(timeout_ms=200)
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            log.info("reading from the fence: %r", error)
            self._doubt = True
            return {}
        return {tp.partition: found for tp, found in got.items() if found}

    async def _is_as_before(self, has_records: bool) -> bool:
        """Whether log and fence are still those that this worker reads by."""
        now = asyncio.get_running_loop().time()
        is_due = now - self._checked >= CHECK_S
        if not has_records and not is_due:
            return True
        try:
            logs = await self._reader.identities(self.settings.topic)
        except (KafkaError, OSError) as error:
            log.info("Kafka does not say which log it has: %r", error)
            return False
        if any(logs.get(p) != self._logs.get(p) for p in self.assigned()):
            return False
        if not is_due:
            return True
        self._checked = now
        return await self._fence_is_there()

    async def _fence_is_there(self) -> bool:
        """Not so where Postgres has lost what it had committed, in a crash or by a restore."""
        before = dict(self._booked)  # A batch may be committed while the answer is on its way.
        try:
            async with self._asking:
                fences = await read_fence(await self._connection(), self.settings.topic)
        except AWAY as error:
            self._disconnect()
            log.info("the fence is looked at later: %r", error)
            return True
        for partition in self.assigned():
            fence, booked = fences.get(partition, Fence()), before.get(partition, 0)
            if fence.next_offset < booked:
                log.warning(
                    "%s, partition %d: the ledger went back from %d to %d: reading again from "
                    "there", self.settings.topic, partition, booked, fence.next_offset,
                )  # fmt: skip
                return False
        return True

    def refuse_gap(self, first: Mapping[int, int], logs: Logs, fences: Mapping[int, Fence]) -> None:
        """Raise `Gap` unless a batch that begins at these offsets follows the fence."""
        # Where records lie at the fence there is no hole: what seemed one was read ahead.
        there = {p for p, at in first.items() if p in fences and at <= fences[p].next_offset}
        self._gaps = {gap for gap in self._gaps if gap[0] not in there}
        for partition, offset in first.items():
            self._refuse_gap(partition, offset, logs[partition], fences.get(partition, Fence(-1)))

    def _refuse_gap(self, partition: int, offset: int, read: LogIdentity, fence: Fence) -> None:
        """Passed over is what reading again from the fence has shown to be a hole in the log."""
        where = f"{self.settings.topic}, partition {partition}"
        if (fence.log.topic_id and read.topic_id != fence.log.topic_id) or read < fence.log:
            raise Gap(f"{where} was read from another log than the ledger: reading again")
        here = (partition, fence.next_offset, offset)
        if offset <= fence.next_offset or here in self._gaps:
            return
        self._gaps.add(here)
        raise Gap(
            f"{where} was read from offset {offset}, but the ledger is at {fence.next_offset}: "
            "reading again from there"
        )

    def mark_booked(self, fences: Mapping[int, Fence]) -> None:
        """What lies below is committed in Postgres. Kafka is told, as a hint for lag."""
        offsets = {partition: fence.next_offset for partition, fence in fences.items()}
        self._booked |= offsets
        self._gaps = {gap for gap in self._gaps if gap[1] >= offsets.get(gap[0], 0)}
        self._hints |= offsets

    def _hint(self) -> None:
        """Commit to Kafka while the next batch is read; one commit at a time is enough."""
        if self._hints and (self._hinting is None or self._hinting.done()):
            self._hinting = asyncio.create_task(self._send_hints(HINT_S))

    async def _send_hints(self, within_s: float) -> None:
        ours = set(self.assigned())
        hints, self._hints = {p: at for p, at in self._hints.items() if p in ours}, {}
        places = {self._place(partition): offset for partition, offset in hints.items()}
        try:
            if places:
                await asyncio.wait_for(self._consumer.commit(places), within_s)
        except (KafkaError, TimeoutError) as error:
            log.info("Kafka took no commit: %r", error)
            # Tried again though no batch may come: a partition without a commit looks stuck.
            self._hints = hints | self._hints

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self.settings.topic, partition)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing: what is under way may finish, the fence keeps it from counting twice."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self.seek_until_there()
        self.dealt.set()

    async def seek_until_there(self) -> None:
        """Read on from the fence, or from the start of a log that is another one."""
        await self._until_stop(self._seek_until_there(), None)

    async def _seek_until_there(self) -> None:
        while True:
            try:
                async with self._asking:
                    return await self._seek()
            except (*AWAY, KafkaError) as error:
                self._disconnect()
                log.warning("seeking in %s is tried again: %r", self.settings.topic, error)
                await asyncio.sleep(1)

    async def _seek(self) -> None:
        partitions = sorted(self.assigned())
        if not partitions:
            self._doubt = False
            return
        conn = await self._connection()
        async with conn.transaction():
            fences = await make_fence(conn, self.settings.topic, partitions)
            # Asked while the fence is held: nobody moves it on meanwhile.
            logs = await self._reader.identities(self.settings.topic)
            found = {
                p: await fence_in(self._reader, metrics.STAGE, self._place(p), fences[p], logs)
                for p in partitions
            }
            await move_fence(conn, self.settings.topic, found)
        self._logs = logs
        self.mark_booked(found)
        for partition, fence in found.items():
            self._consumer.seek(self._place(partition), fence.next_offset)
        self._doubt = False

    async def _connection(self) -> asyncpg.Connection:
        """One that is kept: it is asked every few seconds."""
        if self._conn is None or self._conn.is_closed():
            self._conn = await connect(self.settings.database, DatabaseRole.AGGREGATOR)
        return self._conn

    def _disconnect(self) -> None:
        if self._conn is not None:
            self._conn.terminate()
            self._conn = None

    async def _until_stop(self, work: Coroutine[Any, Any, T], otherwise: T) -> T:
        """The result of `work`, unless the worker is told to stop before."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else otherwise
        finally:
            stopping.cancel()
            task.cancel()
