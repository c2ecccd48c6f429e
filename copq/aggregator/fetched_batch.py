"""Records fetched from Kafka, and the batch of their events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import localcontext
from itertools import chain
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord
from asyncpg import Connection
from asyncpg.transaction import Transaction

from copq.kafka.fence import Fence, fence_after
from copq.kafka.headers import sender_of
from copq.kafka.identity import LogIdentity, origin_of
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import NOT_PRICED, Batch
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.schemas.decode import decode_strictly
from copq.schemas.priced import EVENT_FOLLOWS, encode
from copq.schemas.refusal import Refusal
from copq.schemas.rejected import RejectedEvent, rejected_event
from copq.telemetry.spans import Span

Records = dict[int, list[ConsumerRecord]]
"""The records of each partition, in order."""
Logs = dict[int, LogIdentity]


class Staged(NamedTuple):
    """An open transaction that already holds the rows of a batch."""

    conn: Connection
    transaction: Transaction
    span: Span
    """Begins with the transaction, and ends with its commit."""


@dataclass(slots=True)
class Fetched:
    """Records, their logs, and the batch of their events."""

    records: Records
    logs: Logs
    batch: Batch = field(default_factory=Batch)
    broken: list[RejectedEvent] = field(default_factory=list)
    """Messages that are not priced events: another program wrote them."""
    staged: Staged | None = None
    is_priced_here: bool = False
    """Whether this process priced the whole batch itself."""

    @classmethod
    def of(cls, records: Records, logs: Logs) -> "Fetched":
        fetched = cls(records, logs)
        for partition, found in records.items():
            for record in found:
                try:
                    who = sender_of(record.headers) if record.headers else None
                    fetched.batch.add(record.value or b"", partition, record.offset, sent_by=who)
                except NOT_PRICED as error:
                    fetched.broken.append(_broken(record, error))
        return fetched

    def first(self) -> dict[int, int]:
        return {partition: found[0].offset for partition, found in self.records.items()}

    def behind(self) -> dict[int, Fence]:
        """The fences after all records are booked."""
        return {p: fence_after(found, self.logs[p]) for p, found in self.records.items()}

    def below(self, fence: dict[int, Fence]) -> "Fetched | None":
        """The records that were booked before, according to the fence; None without such
        records."""
        first = self.first()
        if all(first[p] >= fence[p].next_offset for p in first):
            return None
        under = {
            p: [r for r in rs if r.offset < fence[p].next_offset] for p, rs in self.records.items()
        }
        return Fetched.of({p: rs for p, rs in under.items() if rs}, self.logs)

    def priced_with(self, book: RateBook) -> "Fetched":
        """The same records priced with this book, whatever prices their messages have."""
        again = Fetched(self.records, self.logs, broken=list(self.broken), is_priced_here=True)
        broken = {(e.origin.partition, e.origin.offset) for e in self.broken if e.origin}
        with localcontext(MONEY):
            for partition, found in self.records.items():
                for record in found:
                    if (partition, record.offset) not in broken:
                        again._add_priced(record, partition, book)
        return again

    def _add_priced(self, record: ConsumerRecord, partition: int, book: RateBook) -> None:
        """A record that cannot be priced is stored as broken: it is read only once."""
        raw = (record.value or b"").partition(EVENT_FOLLOWS)[2][:-1]
        who = sender_of(record.headers) if record.headers else None
        try:
            message = encode(raw, price(decode_strictly(raw), book))
            self.batch.add(message, partition, record.offset, sent_by=who)
        except NOT_PRICED as error:
            self.broken.append(_broken(record, error))

    def all(self) -> Iterator[ConsumerRecord]:
        return chain.from_iterable(self.records.values())

    def __len__(self) -> int:
        return sum(len(found) for found in self.records.values())


def _broken(record: ConsumerRecord, error: Exception) -> RejectedEvent:
    refusal = Refusal("not_priced", "", f"is not a priced event: {error}")
    return rejected_event(refusal, record.value or b"", datetime.now(UTC), origin_of(record))
