"""Pricing a batch: from records to messages, without Kafka."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import localcontext

from aiokafka.structs import ConsumerRecord

from copq.kafka.event_records import event_bytes, refused_record
from copq.kafka.headers import NONE, forwarded_headers
from copq.kafka.publish import LARGEST_MESSAGE, Message
from copq.ledger.arithmetic import MONEY
from copq.pricing.clock_check import TOLERANCE, check_until
from copq.pricing.price_cache import Pricer
from copq.schemas import rejected
from copq.schemas.decode import decode
from copq.schemas.priced import join
from copq.schemas.refusal import Refusal, Refused

LONGEST_KEY = 1024


@dataclass(slots=True)
class PricedBatch:
    """The messages for `copq.priced-events` and those for `quality.events.rejected`."""

    priced: list[Message] = field(default_factory=list)
    rejected: list[Message] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def price_records(records: Sequence[ConsumerRecord], pricer: Pricer, now: datetime) -> PricedBatch:
    """Price the records of one partition, in order. The content of a record never raises."""
    batch = PricedBatch()
    outcomes: list[str] = []
    latest = now + TOLERANCE
    with localcontext(MONEY):
        for record in records:
            try:
                outcome, message = _price(event_bytes(record), pricer, latest)
                outcomes.append(outcome)
                more = forwarded_headers(record.headers) if record.headers else NONE
                batch.priced.append((_key(record), message, more))
            except Refused as refused:
                _reject(record, refused.refusal, now, batch)
    batch.outcomes.update(outcomes)
    return batch


def _price(raw: bytes, pricer: Pricer, latest: datetime) -> tuple[str, bytes]:
    event = decode(raw)
    check_until(event, latest)
    outcome, head = pricer.head(event)
    message = join(head, raw)
    if len(message) > LARGEST_MESSAGE - 1024:
        raise Refused(Refusal("too_large", "", f"is {len(message)} bytes once priced"))
    return outcome, message


def _reject(record: ConsumerRecord, refusal: Refusal, now: datetime, batch: PricedBatch) -> None:
    event = refused_record(record, refusal, now)
    batch.rejected.append((_key(record), rejected.encode(event), NONE))
    batch.reasons[refusal.code] += 1


def _key(record: ConsumerRecord) -> bytes | None:
    """The record's key, if a plant and a line can make it. Another key may be so long that the
    message would exceed its limit."""
    key: bytes | None = record.key
    return key if key is None or len(key) <= LONGEST_KEY else None
