"""What the aggregator may read: events that costing has priced, or events that it prices itself.

A reading turns the records of its topic into the events of a batch. Call it under the `MONEY`
context.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from aiokafka.structs import ConsumerRecord

from copq.kafka.event_records import event_bytes, refused_record
from copq.kafka.headers import sender_of
from copq.kafka.identity import origin_of
from copq.kafka.topics import EVENTS, PRICED
from copq.posting.batch import NOT_PRICED, Batch
from copq.pricing.clock_check import TOLERANCE, check_until
from copq.pricing.price import price
from copq.pricing.price_cache import Pricer
from copq.rates.book import RateBook
from copq.rates.watch import RateWatch
from copq.schemas.decode import decode, decode_strictly
from copq.schemas.priced import EVENT_FOLLOWS, encode_pricing
from copq.schemas.refusal import Refusal, Refused
from copq.schemas.rejected import RejectedEvent, rejected_event

Records = Iterable[ConsumerRecord]


class Reading(Protocol):
    """The records of one topic as events of a batch. The answer has the records that are none."""

    @property
    def topic(self) -> str: ...

    @property
    def prices(self) -> bool:
        """Whether this process prices what it reads."""
        ...

    def add(self, records: Records, batch: Batch) -> list[RejectedEvent]:
        """Add records to a batch."""
        ...

    def add_at(self, records: Records, batch: Batch, book: RateBook) -> list[RejectedEvent]:
        """As `add`, priced with this book, whatever prices their messages have."""
        ...


class PricedEvents:
    """The messages of costing, at the prices that they have."""

    topic, prices = PRICED, False

    def add(self, records: Records, batch: Batch) -> list[RejectedEvent]:
        """Another program may have written messages that are not priced events."""
        refused = []
        for record in records:
            try:
                batch.add(
                    record.value or b"", record.partition, record.offset, sent_by=_sender(record)
                )
            except NOT_PRICED as error:
                refused.append(_not_priced(record, error))
        return refused

    def add_at(self, records: Records, batch: Batch, book: RateBook) -> list[RejectedEvent]:
        refused = []
        for record in records:
            raw = (record.value or b"").partition(EVENT_FOLLOWS)[2][:-1]
            try:
                event = decode_strictly(raw)
                head = encode_pricing(price(event, book))
                batch.add_event(
                    head, raw, event, record.partition, record.offset, sent_by=_sender(record)
                )
            except NOT_PRICED as error:
                refused.append(_not_priced(record, error))
        return refused


class EventsToPrice:
    """The events of `quality.events`, priced as they are read: no topic lies between."""

    topic, prices = EVENTS, True

    def __init__(self, rates: RateWatch) -> None:
        self._rates = rates
        self._pricer = Pricer(rates.book)

    def add(self, records: Records, batch: Batch) -> list[RejectedEvent]:
        return self.add_at(records, batch, self._rates.book)

    def add_at(self, records: Records, batch: Batch, book: RateBook) -> list[RejectedEvent]:
        pricer = self._pricer  # another thread may put one of another book in its place
        if pricer.book is not book:
            pricer = self._pricer = Pricer(book)
        now, refused = datetime.now(UTC), []
        latest = now + TOLERANCE
        for record in records:
            try:
                raw = event_bytes(record)
                event = decode(raw)
                check_until(event, latest)
            except Refused as why:
                refused.append(refused_record(record, why.refusal, now))
                continue
            _, head = pricer.head(event)
            batch.add_event(
                head, raw, event, record.partition, record.offset, sent_by=_sender(record)
            )
        return refused


def _sender(record: ConsumerRecord) -> str | None:
    return sender_of(record.headers) if record.headers else None


def _not_priced(record: ConsumerRecord, error: Exception) -> RejectedEvent:
    refusal = Refusal("not_priced", "", f"is not a priced event: {error}")
    return rejected_event(refusal, record.value or b"", datetime.now(UTC), origin_of(record))
