"""The aggregator's stream: `copq.priced-events` into Postgres, each batch in one transaction.

aiokafka alone, since offsets live in Postgres: an assignment seeks to the fence, and a commit
to Kafka is a hint for tools that show lag. The next batch is decoded in a thread while Postgres
works on this one.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from schemas.rejected import RejectedEvent
from services.aggregator import metrics
from services.aggregator.booking import StaleRates
from services.aggregator.fence import Fetched, Gap, Staged, lock_fence, make_fence, move_fence
from services.aggregator.post import Posted, post_staged, prepare, restage, stage
from services.aggregator.rejected import keep_rejected
from services.health import Health
from services.kafka import metrics as stream_metrics
from services.kafka.brokers import Brokers
from services.kafka.closing import close_consumer
from services.kafka.header_names import read_any_names
from services.kafka.topics import METADATA_MS, PRICED
from services.postgres import AWAY, DatabaseRole, connect, connected
from services.rates.watch import RateWatch
from services.tracing import tracer

LEAVE_S = 3
"""How long the batches under way may take once the worker is told to stop: all of them."""

HINT_S = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AggregatorSettings:
    brokers: Brokers
    database: str
    group: str = "copq-aggregator"
    batch: int = 10_000
    """Events of one transaction at most: more is no faster, and takes memory."""
    session_timeout_s: float = 10.0
    """A worker that was not heard of for so long has lost its partitions to the others."""


class AggregatorStream(ConsumerRebalanceListener):  # type: ignore[misc]
    """One worker. `run` returns once `stop` is set, and raises what ended it otherwise."""

    def __init__(
        self, settings: AggregatorSettings, rates: RateWatch, stop: asyncio.Event,
        health: Health | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self._health = health or Health()
        self.rates = rates
        self._open: set[asyncpg.Connection] = set()
        self._idle: list[asyncpg.Connection] = []
        self._stop = stop
        self._consumer: Any = None
        self._gaps: dict[int, tuple[int, int]] = {}
        self._leave_at: float | None = None

    async def run(self) -> None:
        read_any_names()
        self._consumer = AIOKafkaConsumer(
            **self.settings.brokers.settings(), group_id=self.settings.group,
            enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=500,
            metadata_max_age_ms=METADATA_MS, max_partition_fetch_bytes=4 * 1024 * 1024,
            max_poll_records=self.settings.batch,
            session_timeout_ms=int(self.settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(self.settings.session_timeout_s * 100),
        )  # fmt: skip
        try:
            await self._consumer.start()
            self._consumer.subscribe([PRICED], listener=self)
            await self._follow()
        finally:
            self._disconnect()
            await close_consumer(self._consumer)

    def assigned(self) -> list[int]:
        """The partitions that are this worker's."""
        return [tp.partition for tp in self._consumer.assignment()] if self._consumer else []

    async def _follow(self) -> None:
        posting: asyncio.Task[None] | None = None
        try:
            while not self._stop.is_set():
                fetched = await self._fetch()
                if fetched is not None:
                    await self._finished(asyncio.create_task(self._stage_ahead(fetched)))
                if posting is not None:
                    await self._finished(posting)
                posting = asyncio.create_task(self._post(fetched)) if fetched else None
        finally:
            if posting is not None:
                await self._finished(posting)

    async def _finished(self, work: asyncio.Task[None]) -> None:
        """Once told to stop, what is not done soon is left: it is read again."""
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        done, _ = await asyncio.wait([work], timeout=self._time_to_leave())
        if done:
            return work.result()
        work.cancel()
        self._disconnect()
        log.warning("told to stop, leaving a batch unposted: it is read again")

    def _time_to_leave(self) -> float:
        now = asyncio.get_running_loop().time()
        if self._leave_at is None and self._stop.is_set():
            self._leave_at = now + LEAVE_S
        return LEAVE_S if self._leave_at is None else max(self._leave_at - now, 0)

    async def _fetch(self) -> Fetched | None:
        try:
            got = await self._consumer.getmany(timeout_ms=200)
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            log.info("reading from the fence: %r", error)
            await self._seek_until_there(self._consumer.assignment())
            return None
        records = {tp.partition: found for tp, found in got.items() if found}
        if not records:
            return None
        return await asyncio.to_thread(Fetched.of, records)

    async def _post(self, fetched: Fetched) -> None:
        """Post until it is posted; what cannot be posted ever ends the worker."""
        await self.rates.at_least(fetched.batch.rates)
        delay = 0.1
        while True:
            try:
                return await self._post_once(fetched)
            except Gap as gap:
                log.warning("%s", gap)
                return await self._seek_until_there(
                    {TopicPartition(PRICED, p) for p in fetched.records}
                )
            except AWAY as error:
                stream_metrics.RETRIES.labels(metrics.STAGE).inc()
                log.warning("posting is tried again in %.1f s: %r", delay, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)

    async def _stage_ahead(self, fetched: Fetched) -> None:
        """Copy the rows of a batch while the statement of the one before runs elsewhere."""
        try:
            fetched.staged = await self._staged(fetched)
        except AWAY as error:
            log.warning("the batch is copied later: %r", error)

    async def _staged(self, fetched: Fetched) -> Staged:
        span = tracer().batch(PRICED, self.settings.group, fetched.all())
        conn = await self._take()
        try:
            transaction = conn.transaction()
            await transaction.start()
            await stage(conn, fetched.batch)
            return Staged(conn, transaction, span)
        except BaseException:
            self._drop(conn)
            raise

    async def _post_once(self, fetched: Fetched) -> None:
        staged, fetched.staged = fetched.staged, None
        conn, transaction, span = staged or await self._staged(fetched)
        try:
            with span, stream_metrics.BATCH_SECONDS.labels(metrics.STAGE).time():
                new, posted = await self._post_within(conn, fetched)
                await transaction.commit()
                span.tell(_of_batch(fetched, new, posted))
        except BaseException:
            self._drop(conn)
            raise
        self._idle.append(conn)
        self._count(fetched, new, posted)
        await self._hint(new)

    async def _post_within(
        self, conn: asyncpg.Connection, fetched: Fetched
    ) -> tuple[Fetched, Posted]:
        """What is new of a batch that is staged, posted with the fence behind it."""
        new = await self._beyond_the_fence(conn, fetched)
        if new is not fetched:
            await restage(conn, new.batch)
        try:
            posted = await post_staged(conn, new.batch, self.rates.book)
        except StaleRates as stale:
            new = await self._priced_anew(conn, new, stale.revision)
            posted = await post_staged(conn, new.batch, self.rates.book)
        await keep_rejected(conn, new.broken + _rejected(posted))
        await move_fence(conn, PRICED, new.next())
        return new, posted

    async def _priced_anew(
        self, conn: asyncpg.Connection, fetched: Fetched, revision: int
    ) -> Fetched:
        """At the rates in force, which nobody changes until this transaction ends."""
        book = await self.rates.at_least(revision)
        anew = await asyncio.to_thread(fetched.priced_with, book)
        await restage(conn, anew.batch)
        return anew

    async def _beyond_the_fence(self, conn: asyncpg.Connection, fetched: Fetched) -> Fetched:
        fence = await lock_fence(conn, PRICED, fetched.records)
        first = fetched.first()
        for partition, offset in first.items():
            self._refuse_gap(partition, fence.get(partition, -1), offset)
        return fetched if first == fence else fetched.beyond(fence)

    def _refuse_gap(self, partition: int, fence: int, offset: int) -> None:
        """Raise `Gap`, unless reading again from the fence has shown that nothing is there."""
        if offset <= fence or self._gaps.get(partition) == (fence, offset):
            return
        self._gaps[partition] = (fence, offset)
        raise Gap(
            f"partition {partition} was read from offset {offset}, but the ledger is at {fence}: "
            "reading again from there"
        )

    def _count(self, fetched: Fetched, new: Fetched, posted: Posted) -> None:
        """`fenced` is what Kafka delivered again, `duplicate` an event that was known already,
        `rejected` one whose id belongs to another."""
        stage = metrics.STAGE
        for outcome, number in (
            ("posted", posted.fresh), ("duplicate", _duplicates(new, posted)),
            ("rejected", len(posted.taken)), ("fenced", len(fetched) - len(new)),
        ):  # fmt: skip
            stream_metrics.EVENTS.labels(stage, outcome).inc(number)
        stream_metrics.BATCH_EVENTS.labels(stage).observe(len(new))
        stream_metrics.LAST_COMMIT.labels(stage).set_to_current_time()

    async def _hint(self, posted: Fetched) -> None:
        offsets = {TopicPartition(PRICED, p): offset for p, offset in posted.next().items()}
        try:
            if offsets:
                await asyncio.wait_for(self._consumer.commit(offsets), HINT_S)
        except (KafkaError, TimeoutError) as error:
            log.info("Kafka took no commit: %r", error)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing: what is under way may finish, the fence keeps it from counting twice."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._seek_until_there(assigned)
        self._health.missing = None

    async def _seek_until_there(self, partitions: set[TopicPartition]) -> None:
        while not self._stop.is_set():
            try:
                return await self._seek(partitions & self._consumer.assignment())
            except (*AWAY, KafkaError) as error:
                log.warning("seeking is tried again: %r", error)
                await asyncio.sleep(1)

    async def _seek(self, partitions: set[TopicPartition]) -> None:
        """To the fence; where the log does not reach it, or begins after it, to what there is."""
        if not partitions:
            return
        connection = connected(self.settings.database, DatabaseRole.AGGREGATOR)
        async with connection as conn, conn.transaction():
            fence = await make_fence(conn, PRICED, [tp.partition for tp in partitions])
            # Asked while the fence is held: nobody moves it on meanwhile.
            starts = await self._consumer.beginning_offsets(list(partitions))
            ends = await self._consumer.end_offsets(list(partitions))
            for tp in partitions:
                offset = self._within(tp, fence[tp.partition], starts[tp], ends[tp])
                if offset != fence[tp.partition]:
                    await move_fence(conn, PRICED, {tp.partition: offset})
                self._consumer.seek(tp, offset)

    def _within(self, tp: TopicPartition, fence: int, start: int, end: int) -> int:
        if fence > end:
            log.warning(
                "%s ends at %d, before the ledger's %d: the topic was made anew, reading it from "
                "its start (events known by their id do not count again)", tp, end, fence,
            )  # fmt: skip
            return start
        if fence < start and fence > 0:
            log.error(
                "%s begins at %d: the events from %d on were deleted unread", tp, start, fence
            )
        return max(fence, start)

    async def _take(self) -> asyncpg.Connection:
        """A connection of one's own until it is idle again: one posts, another is copied to."""
        while self._idle:
            conn = self._idle.pop()
            if not conn.is_closed():
                return conn
            self._drop(conn)
        conn = await connect(self.settings.database, DatabaseRole.AGGREGATOR)
        self._open.add(conn)
        # What a crash of the server takes back it takes back with its fence: it is read again.
        await conn.execute("set synchronous_commit = off")
        await prepare(conn)
        return conn

    def _drop(self, conn: asyncpg.Connection) -> None:
        """With what is open on it: Postgres rolls it back."""
        conn.terminate()
        self._open.discard(conn)

    def _disconnect(self) -> None:
        for conn in list(self._open):
            self._drop(conn)
        self._idle = []


def _of_batch(fetched: Fetched, new: Fetched, posted: Posted) -> dict[str, int]:
    """What a trace says of it; `fenced` is what Kafka delivered again."""
    return {
        "messaging.batch.message_count": len(fetched),
        "copq.fresh": posted.fresh,
        "copq.duplicates": _duplicates(new, posted),
        "copq.rejected": len(posted.taken),
        "copq.fenced": len(fetched) - len(new),
    }


def _duplicates(new: Fetched, posted: Posted) -> int:
    return new.batch.events - posted.fresh - len(posted.taken)


def _rejected(posted: Posted) -> list[RejectedEvent]:
    """The events whose ids belong to others, to be kept."""
    now = datetime.now(UTC)
    return [event.rejected(PRICED, now) for event in posted.taken]
