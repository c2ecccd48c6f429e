"""Records fetched from Kafka, and the batch that is made of them."""

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
"""Of some partitions, in order."""
Logs = dict[int, LogIdentity]


class Staged(NamedTuple):
    """An open transaction that holds the rows of a batch already."""

    conn: Connection
    transaction: Transaction
    span: Span
    """Begins with the transaction, and ends with its commit."""


@dataclass(slots=True)
class Fetched:
    """Records, the logs that they were read from, and the batch that was made of them."""

    records: Records
    logs: Logs
    batch: Batch = field(default_factory=Batch)
    broken: list[RejectedEvent] = field(default_factory=list)
    """Messages that are not priced events: somebody else wrote them there."""
    staged: Staged | None = None
    is_priced_here: bool = False
    """Nothing of the batch but the events themselves is of another process."""

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
        """The fence once all of it is booked."""
        return {p: fence_after(found, self.logs[p]) for p, found in self.records.items()}

    def below(self, fence: dict[int, Fence]) -> "Fetched | None":
        """What was booked before, as the fence says; None where nothing was."""
        first = self.first()
        if all(first[p] >= fence[p].next_offset for p in first):
            return None
        under = {
            p: [r for r in rs if r.offset < fence[p].next_offset] for p, rs in self.records.items()
        }
        return Fetched.of({p: rs for p, rs in under.items() if rs}, self.logs)

    def priced_with(self, book: RateBook) -> "Fetched":
        """The same records at the rates of this book, whatever prices they brought."""
        again = Fetched(self.records, self.logs, broken=list(self.broken), is_priced_here=True)
        broken = {(e.origin.partition, e.origin.offset) for e in self.broken if e.origin}
        with localcontext(MONEY):
            for partition, found in self.records.items():
                for record in found:
                    if (partition, record.offset) not in broken:
                        again._add_priced(record, partition, book)
        return again

    def _add_priced(self, record: ConsumerRecord, partition: int, book: RateBook) -> None:
        """What cannot be priced by now is kept as broken: it is read once only."""
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
