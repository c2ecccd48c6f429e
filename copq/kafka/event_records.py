"""Records of `quality.events`: the event in each, or why it is refused."""

from datetime import datetime

from aiokafka.structs import ConsumerRecord

from copq.kafka.cloudevents import envelope_of, event_in
from copq.kafka.header_names import check_names
from copq.kafka.headers import sender_of
from copq.kafka.identity import origin_of
from copq.schemas.refusal import Refusal
from copq.schemas.rejected import RejectedEvent, rejected_event


def event_bytes(record: ConsumerRecord) -> bytes:
    """The bytes of the event, not yet checked against the schema. Raises `Refused`."""
    raw: bytes = record.value or b""
    if headers := record.headers:
        check_names(headers)
        return event_in(envelope_of(headers), raw)
    return raw


def refused_record(record: ConsumerRecord, refusal: Refusal, now: datetime) -> RejectedEvent:
    """A record that is refused, as it is kept: its bytes, place, sender and envelope."""
    who, envelope = sender_of(record.headers), envelope_of(record.headers)
    return rejected_event(refusal, record.value or b"", now, origin_of(record), who, envelope)
