"""Stores `quality.events.rejected` in Postgres, where `copq rejected` reads it."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from asyncpg import Connection
from pydantic import ValidationError
from tenacity import wait_fixed

from copq.aggregator import metrics
from copq.aggregator.fence import Gap, lock_fence, move_fence
from copq.aggregator.fenced_topic import FencedReader, ReaderSettings
from copq.aggregator.fetched_batch import Logs, Records
from copq.aggregator.unfit import UNFIT
from copq.database.connections import AWAY, DatabaseRole, connected
from copq.kafka.brokers import Brokers
from copq.kafka.fence import Fence, advanced_fences, fence_after
from copq.kafka.header_names import read_any_names
from copq.kafka.identity import origin_of
from copq.kafka.topics import REJECTED
from copq.posting.rejected import keep_rejected
from copq.process.retry import keep_trying
from copq.schemas.refusal import Refusal, printable_name
from copq.schemas.rejected import RejectedEvent, decode, rejected_event

AGAIN_S = 1
AT_ONCE = 500
SESSION_S = 10.0
AHEAD = timedelta(days=1)
"""A refusal time further ahead than this is wrong: the current time is stored instead."""

log = logging.getLogger(__name__)


async def keep_from_kafka(brokers: Brokers, dsn: str, group: str, stop: asyncio.Event) -> None:
    """Store rejected messages until `stop` is set. While Kafka or Postgres is away, it waits."""
    read_any_names()
    settings = ReaderSettings(brokers, dsn, REJECTED, group, AT_ONCE, SESSION_S)
    await keep_trying(
        lambda: _follow(settings, stop), KafkaError, wait_fixed(AGAIN_S), _report_reading
    )


def _report_reading(error: BaseException, _: float) -> None:
    log.warning("reading refused messages is tried again: %r", error)


async def _follow(settings: ReaderSettings, stop: asyncio.Event) -> None:
    if stop.is_set():
        return
    reader = FencedReader(settings, stop)
    try:
        await reader.start()
        await _keep_all(reader, settings.database, stop)
    finally:
        await reader.close()


async def _keep_all(reader: FencedReader, dsn: str, stop: asyncio.Event) -> None:
    while not stop.is_set():
        fetched = await reader.fetch()
        if fetched is not None:
            await _keep_until_kept(reader, dsn, *fetched)


async def _keep_until_kept(reader: FencedReader, dsn: str, records: Records, logs: Logs) -> None:
    rejected = [_rejected(record) for found in records.values() for record in found]
    after = {partition: fence_after(found, logs[partition]) for partition, found in records.items()}
    first = {partition: found[0].offset for partition, found in records.items()}

    async def keep() -> None:
        await _keep(reader, dsn, rejected, first, after)

    try:
        await keep_trying(keep, AWAY, wait_fixed(AGAIN_S), _report_keeping)
    except Gap as gap:
        log.warning("%s", gap)
        await reader.seek_until_there()


def _report_keeping(error: BaseException, _: float) -> None:
    log.warning("keeping refused messages is tried again: %r", error)


async def _keep(
    reader: FencedReader, dsn: str, rejected: list[RejectedEvent], first: dict[int, int],
    after: dict[int, Fence],
) -> None:  # fmt: skip
    """Store the messages and move the fence. A message that is already stored is not stored
    again."""
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn, conn.transaction():
        fences = await lock_fence(conn, REJECTED, after)
        reader.refuse_gap(first, {p: fence.log for p, fence in after.items()}, fences)
        await _keep_in_some_form(conn, rejected)
        moved = advanced_fences(fences, after)
        await move_fence(conn, REJECTED, moved)
    reader.mark_booked(moved)
    metrics.KEPT.inc(len(rejected))


async def _keep_in_some_form(conn: Connection, rejected: list[RejectedEvent]) -> None:
    """Store the messages together. If Postgres refuses one of them, store each alone, and that one
    with only its bytes."""
    try:
        async with conn.transaction():
            return await keep_rejected(conn, rejected)
    except UNFIT:
        for event in rejected:
            await _keep_alone(conn, event)


async def _keep_alone(conn: Connection, event: RejectedEvent) -> None:
    try:
        async with conn.transaction():
            await keep_rejected(conn, [event])
    except UNFIT as error:
        log.error("a refused message is kept by its bytes alone: %s (copq rejected list)", error)
        why = Refusal("not_rejected_event", "", "has a reason or a place that Postgres refuses")
        bare = rejected_event(why, event.payload, datetime.now(UTC))
        await keep_rejected(conn, [bare])


def _rejected(record: ConsumerRecord) -> RejectedEvent:
    """The record as a rejected event. A message refused by ingest names no topic, so the place of
    the record counts."""
    place, now = origin_of(record), datetime.now(UTC)
    try:
        event = decode(record.value or b"")
    except ValidationError as error:
        why = f"is not a rejected event, though it lies among them: {_first(error)}"
        return rejected_event(
            Refusal("not_rejected_event", "", why), record.value or b"", now, place
        )
    changes: dict[str, object] = {} if event.origin else {"origin": place}
    if event.rejected_at > now + AHEAD:
        changes["rejected_at"] = now
    return event.model_copy(update=changes) if changes else event


def _first(error: ValidationError) -> str:
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return ": ".join([*map(printable_name, fault["loc"][:3]), fault["msg"]])
