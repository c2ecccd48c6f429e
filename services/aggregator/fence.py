"""The fence: the next Kafka offset of each partition, moved with the batch that it lies behind."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import localcontext
from itertools import chain
from typing import NamedTuple

import msgspec
from aiokafka.structs import ConsumerRecord
from asyncpg import Connection
from asyncpg.transaction import Transaction

from schemas.decode import decode_strictly
from schemas.priced import EVENT_FOLLOWS, encode
from schemas.refusal import Refusal
from schemas.rejected import Origin, RejectedEvent, rejected_event
from services.aggregator import queries
from services.aggregator.batch import Batch
from services.costing.price import MONEY, price
from services.kafka.headers import sent_by
from services.rates.book import RateBook
from services.tracing import Span


class Gap(Exception):
    """Offsets are missing between the fence and the batch: read again from the fence."""


class Staged(NamedTuple):
    """An open transaction that holds the rows of a batch already."""

    conn: Connection
    transaction: Transaction
    span: Span
    """Begins with the transaction, and ends with its commit."""


@dataclass(slots=True)
class Fetched:
    """Records fetched from some partitions, in order, and the batch that was made of them."""

    records: dict[int, list[ConsumerRecord]]
    batch: Batch = field(default_factory=Batch)
    broken: list[RejectedEvent] = field(default_factory=list)
    """What is no priced event; somebody else wrote it there."""
    staged: Staged | None = None

    @classmethod
    def of(cls, records: dict[int, list[ConsumerRecord]]) -> "Fetched":
        fetched = cls(records)
        for partition, found in records.items():
            for record in found:
                try:
                    who = sent_by(record.headers) if record.headers else None
                    fetched.batch.add(record.value or b"", partition, record.offset, sent_by=who)
                except (msgspec.DecodeError, ValueError) as error:
                    fetched.broken.append(_broken(record, error))
        return fetched

    def first(self) -> dict[int, int]:
        return {partition: found[0].offset for partition, found in self.records.items()}

    def next(self) -> dict[int, int]:
        """An offset always means: next to read."""
        return {partition: found[-1].offset + 1 for partition, found in self.records.items()}

    def beyond(self, fence: dict[int, int]) -> "Fetched":
        """What does not lie below the fence."""
        kept = {p: [r for r in rs if r.offset >= fence[p]] for p, rs in self.records.items()}
        return Fetched.of({p: rs for p, rs in kept.items() if rs})

    def priced_with(self, book: RateBook) -> "Fetched":
        """The same records at other rates: they came into force while these were on their way."""
        anew = Fetched(self.records, broken=self.broken)
        with localcontext(MONEY):
            for partition, found in self.records.items():
                for record in found:
                    anew._add_priced(record, partition, book)
        return anew

    def _add_priced(self, record: ConsumerRecord, partition: int, book: RateBook) -> None:
        _, follows, rest = (record.value or b"").partition(EVENT_FOLLOWS)
        if not follows:
            return
        raw, who = rest[:-1], sent_by(record.headers) if record.headers else None
        with suppress(msgspec.DecodeError, ValueError):
            message = encode(raw, price(decode_strictly(raw), book))
            self.batch.add(message, partition, record.offset, sent_by=who)

    def all(self) -> Iterator[ConsumerRecord]:
        return chain.from_iterable(self.records.values())

    def __len__(self) -> int:
        return sum(len(found) for found in self.records.values())


def _broken(record: ConsumerRecord, error: Exception) -> RejectedEvent:
    refusal = Refusal("not_priced", "", f"is no priced event: {error}")
    origin = Origin(topic=record.topic, partition=record.partition, offset=record.offset)
    return rejected_event(refusal, record.value or b"", datetime.now(UTC), origin)


async def make_fence(conn: Connection, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The partitions' next offsets; one that is seen for the first time starts at 0."""
    await conn.execute(queries.MAKE_FENCE, topic, sorted(partitions))
    return await lock_fence(conn, topic, partitions)


async def lock_fence(conn: Connection, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The partitions' next offsets, held until the caller's transaction ends."""
    rows = await conn.fetch(queries.LOCK_FENCE, topic, sorted(partitions))
    return {row["partition"]: row["next_offset"] for row in rows}


async def move_fence(conn: Connection, topic: str, offsets: dict[int, int]) -> None:
    """Move it, within the transaction that posts what now lies below."""
    await conn.execute(queries.MOVE_FENCE, topic, list(offsets), list(offsets.values()))
