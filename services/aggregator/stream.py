"""The aggregator's stream: `copq.priced-events` into Postgres, each batch in one transaction.

Offsets live in Postgres, in the fence (`fenced.py`). The next batch is decoded in a thread while
Postgres works on this one.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from schemas.rejected import RejectedEvent
from services.aggregator import metrics
from services.aggregator.fence import Gap, lock_fence, move_fence
from services.aggregator.fenced_topic import FencedReader, ReaderSettings
from services.aggregator.fetched_batch import Fetched, Staged
from services.database.connections import AWAY, DatabaseRole, connect
from services.kafka import metrics as stream_metrics
from services.kafka.brokers import Brokers
from services.kafka.fence import Fence, advanced_fences
from services.kafka.header_names import read_any_names
from services.kafka.identity import origin_of
from services.kafka.topics import PRICED
from services.posting.booking import StaleRates
from services.posting.id_conflicts import ids
from services.posting.post import Posted, post_staged, prepare, restage, stage
from services.posting.rejected import keep_rejected
from services.rates.store import current_revision
from services.rates.watch import RateWatch
from services.telemetry.health import Health
from services.telemetry.tracing import tracer

LEAVE_S = 3
"""How long the batches under way may take once the worker is told to stop: all of them."""

UNFIT = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError,
         asyncpg.CardinalityViolationError, asyncpg.ProgramLimitExceededError, LookupError,
         ValueError)  # fmt: skip
"""What posting raises of a batch that holds more than costing writes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AggregatorSettings:
    brokers: Brokers
    database: str
    group: str = "copq-aggregator"
    batch: int = 10_000
    """Events of one transaction at most: more is not faster, and takes memory."""
    session_timeout_s: float = 10.0
    """A worker that was not heard of for so long has lost its partitions to the others."""


@dataclass(frozen=True, slots=True)
class BookedBatch:
    """What became of a batch: how many of its records lay below the fence, and of these how many
    the ledger did not have."""

    posted: Posted
    moved: dict[int, Fence]
    fenced: int = 0
    unknown: int = 0


class AggregatorStream:
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
        self._leave_at: float | None = None
        read_from = ReaderSettings(
            settings.brokers, settings.database, PRICED, settings.group, settings.batch,
            settings.session_timeout_s,
        )  # fmt: skip
        self.reader = FencedReader(read_from, stop)

    async def run(self) -> None:
        read_any_names()
        dealt = asyncio.create_task(self._get_ready())
        try:
            await self.reader.start()
            await self._follow()
        finally:
            dealt.cancel()
            self._disconnect()
            await self.reader.close()

    async def _get_ready(self) -> None:
        await self.reader.dealt.wait()
        self._health.missing = None

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
        found = await self.reader.fetch()
        return await asyncio.to_thread(Fetched.of, *found) if found else None

    async def _post(self, fetched: Fetched) -> None:
        """Post until it is posted. A batch that cannot be posted although it was priced here ends
        the worker."""
        delay = 0.1
        while True:
            try:
                return await self._post_once(fetched)
            except Gap as gap:
                log.warning("%s", gap)
                return await self.reader.seek_until_there()
            except UNFIT as error:
                fetched = await self._priced_here(fetched, error)
            except AWAY as error:
                stream_metrics.RETRIES.labels(metrics.STAGE).inc()
                log.warning("posting is tried again in %.1f s: %r", delay, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)

    async def _priced_here(self, fetched: Fetched, error: Exception) -> Fetched:
        """Costing cannot have written all of it. Raises `error` where it was priced here."""
        if fetched.is_priced_here:
            raise error
        log.error("a batch does not fit the ledger, and is priced here again: %r", error)
        return await asyncio.to_thread(fetched.priced_with, self.rates.book)

    async def _stage_ahead(self, fetched: Fetched) -> None:
        """Copy the rows of a batch while the statement of the one before runs elsewhere."""
        try:
            fetched.staged = await self._staged(fetched)
        except (*AWAY, *UNFIT) as error:
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
                booked = await self._post_within(conn, fetched)
                await transaction.commit()
                span.tell(_of_batch(fetched, booked))
        except BaseException:
            self._drop(conn)
            raise
        self._idle.append(conn)
        self.reader.mark_booked(booked.moved)
        self._count(fetched, booked)

    async def _post_within(self, conn: asyncpg.Connection, fetched: Fetched) -> BookedBatch:
        """A batch that is staged, posted with the fence behind it.

        What lies below the fence is posted as well: if it was booked, its id is known and it
        changes nothing; if not, it would be lost otherwise.
        """
        fences = await lock_fence(conn, PRICED, fetched.records)
        self.reader.refuse_gap(fetched.first(), fetched.logs, fences)
        fetched = await self._at_known_rates(conn, fetched)
        try:
            posted = await post_staged(conn, fetched.batch, self.rates.book)
        except StaleRates as stale:
            fetched = await self._priced_again(conn, fetched, stale.revision)
            posted = await post_staged(conn, fetched.batch, self.rates.book)
        await keep_rejected(conn, fetched.broken + _rejected(posted, fetched))
        moved = advanced_fences(fences, fetched.behind())
        await move_fence(conn, PRICED, moved)
        return _booked_batch(posted, moved, fetched.below(fences))

    async def _at_known_rates(self, conn: asyncpg.Connection, fetched: Fetched) -> Fetched:
        """Rates that nobody has imported are another writer's, or of a database that was restored
        since: the batch is priced again."""
        rates = fetched.batch.rates
        if rates <= self.rates.book.revision:
            return fetched
        known = await current_revision(conn)
        if rates > known:
            return await self._priced_again(conn, fetched, known)
        await self.rates.at_least(rates)
        return fetched

    async def _priced_again(
        self, conn: asyncpg.Connection, fetched: Fetched, revision: int
    ) -> Fetched:
        """At the rates in force, which nobody changes until this transaction ends."""
        book = await self.rates.at_least(revision)
        again = await asyncio.to_thread(fetched.priced_with, book)
        await restage(conn, again.batch)
        return again

    def _count(self, fetched: Fetched, booked: BookedBatch) -> None:
        """`fenced` is what Kafka delivered again, `duplicate` an event that was known already,
        `rejected` one whose id belongs to another."""
        stage, fresh = metrics.STAGE, booked.posted.fresh
        known = booked.fenced - booked.unknown
        for outcome, number in (
            ("posted", fresh - booked.unknown),
            ("duplicate", _duplicates(fetched, booked.posted) - known),
            ("rejected", len(booked.posted.taken)),
            ("fenced", known), ("fenced_unknown", booked.unknown),
        ):  # fmt: skip
            stream_metrics.EVENTS.labels(stage, outcome).inc(max(number, 0))
        stream_metrics.BATCH_EVENTS.labels(stage).observe(len(fetched))
        stream_metrics.LAST_COMMIT.labels(stage).set_to_current_time()
        if known:
            log.info("%d records were delivered again, and are booked already", known)
        if booked.unknown:
            log.error(
                "%d of %d records below the fence were not in the ledger, and are booked now: the "
                "fence of %s was not that of its log. See the runbook kafka-lost-data",
                booked.unknown, booked.fenced, PRICED,
            )  # fmt: skip

    async def _take(self) -> asyncpg.Connection:
        """A connection of its own until it is idle again: one posts, another is copied to."""
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


def _booked_batch(posted: Posted, moved: dict[int, Fence], below: Fetched | None) -> BookedBatch:
    if below is None:
        return BookedBatch(posted, moved)
    unknown = below.batch.seen - posted.duplicates - ids(posted.taken)
    return BookedBatch(posted, moved, len(below), len(unknown))


def _of_batch(fetched: Fetched, booked: BookedBatch) -> dict[str, int]:
    """What a trace says of it; `fenced` is what Kafka delivered again."""
    return {
        "messaging.batch.message_count": len(fetched),
        "copq.fresh": booked.posted.fresh,
        "copq.duplicates": _duplicates(fetched, booked.posted),
        "copq.rejected": len(booked.posted.taken),
        "copq.fenced": booked.fenced,
    }


def _duplicates(fetched: Fetched, posted: Posted) -> int:
    return fetched.batch.events - posted.fresh - len(posted.taken)


def _rejected(posted: Posted, fetched: Fetched) -> list[RejectedEvent]:
    """The events whose ids belong to others, to be kept."""
    now, places = datetime.now(UTC), {(t.partition, t.offset) for t in posted.taken}
    origins = {
        (record.partition, record.offset): origin_of(record)
        for record in (fetched.all() if places else ())
        if (record.partition, record.offset) in places
    }
    return [event.rejected(origins[event.partition, event.offset], now) for event in posted.taken]
