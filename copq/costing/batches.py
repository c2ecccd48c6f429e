"""Pricing a batch: from records to messages, without Kafka."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import localcontext

from aiokafka.structs import ConsumerRecord

from copq.kafka.cloudevents import envelope_of, event_in
from copq.kafka.header_names import check_names
from copq.kafka.headers import NONE, forwarded_headers, sender_of
from copq.kafka.identity import origin_of
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
            headers = record.headers
            try:
                raw = record.value or b""
                if headers:
                    check_names(headers)
                    raw = event_in(envelope_of(headers), raw)
                outcome, message = _price(raw, pricer, latest)
                outcomes.append(outcome)
                more = forwarded_headers(headers) if headers else NONE
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
    who = sender_of(record.headers)
    envelope = envelope_of(record.headers)
    event = rejected.rejected_event(
        refusal, record.value or b"", now, origin_of(record), who, envelope
    )
    batch.rejected.append((_key(record), rejected.encode(event), NONE))
    batch.reasons[refusal.code] += 1


def _key(record: ConsumerRecord) -> bytes | None:
    """The record's key, if a plant and a line can make it. Another key may be so long that the
    message would exceed its limit."""
    key: bytes | None = record.key
    return key if key is None or len(key) <= LONGEST_KEY else None


class RejectGuard:
    """Stops a stream before most of its events end in the rejected topic.

    After at least `least` events, the share of refused events among the last `window` events must
    not exceed `share`.
    """

    def __init__(self, share: float, window: int = 5_000, least: int = 100) -> None:
        self.share = share
        self._window = window
        self._least = least
        self._batches: deque[tuple[int, int]] = deque()

    def admits(self, read: int, rejected: int) -> bool:
        """Whether the stream may continue after a batch of this many events."""
        self._batches.append((read, rejected))
        while len(self._batches) > 1 and self._read() - self._batches[0][0] >= self._window:
            self._batches.popleft()
        read = self._read()
        return read < self._least or sum(r for _, r in self._batches) <= self.share * read

    def _read(self) -> int:
        return sum(read for read, _ in self._batches)
