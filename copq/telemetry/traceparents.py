"""The trace that a Kafka message belongs to, in its header as W3C Trace Context writes it."""

import re
from collections.abc import Iterable

from aiokafka.structs import ConsumerRecord

TRACEPARENT = "traceparent"
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def is_traceparent(value: bytes | None) -> bool:
    """Whether a header's value has the form of a traceparent."""
    return _TRACEPARENT.fullmatch(value or b"") is not None


def traceparents(records: Iterable[ConsumerRecord]) -> list[bytes]:
    """The traces of records, each once, in order."""
    values = dict.fromkeys(
        value for record in records for name, value in record.headers if name == TRACEPARENT
    )
    return list(filter(is_traceparent, values))


def is_sampled(traceparent: bytes) -> bool:
    """Whether the trace is recorded at its origin: the last bit of its flags."""
    return traceparent[-1:] in b"13579bdf"
