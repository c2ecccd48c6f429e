"""Records fetched from Kafka, and the batch of their events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import localcontext
from itertools import chain
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord
from asyncpg import Connection
from asyncpg.transaction import Transaction

from copq.aggregator.readings import Reading
from copq.kafka.fence import Fence, fence_after
from copq.kafka.identity import LogIdentity
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch
from copq.rates.book import RateBook
from copq.schemas.rejected import RejectedEvent
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
    reading: Reading
    batch: Batch = field(default_factory=Batch)
    broken: list[RejectedEvent] = field(default_factory=list)
    """The records that are not events, or not priced ones, as they are kept."""
    staged: Staged | None = None
    is_priced_here: bool = False
    """Whether this process priced the whole batch itself."""

    @classmethod
    def of(cls, records: Records, logs: Logs, reading: Reading) -> "Fetched":
        fetched = cls(records, logs, reading, is_priced_here=reading.prices)
        with localcontext(MONEY):
            fetched.broken += reading.add(fetched.all(), fetched.batch)
        return fetched

    def first(self) -> dict[int, int]:
        return {partition: found[0].offset for partition, found in self.records.items()}

    def place(self) -> str:
        """Where it begins, for people."""
        return " and ".join(f"partition {p}, offset {at}" for p, at in self.first().items())

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
        return Fetched.of({p: rs for p, rs in under.items() if rs}, self.logs, self.reading)

    def priced_with(self, book: RateBook) -> "Fetched":
        """The same records priced with this book, whatever prices their messages have."""
        again = Fetched(
            self.records, self.logs, self.reading, broken=list(self.broken), is_priced_here=True
        )
        broken = {(e.origin.partition, e.origin.offset) for e in self.broken if e.origin}
        with localcontext(MONEY):
            whole = [r for r in self.all() if (r.partition, r.offset) not in broken]
            again.broken += self.reading.add_at(whole, again.batch, book)
        return again

    def all(self) -> Iterator[ConsumerRecord]:
        return chain.from_iterable(self.records.values())

    def __len__(self) -> int:
        return sum(len(found) for found in self.records.values())
