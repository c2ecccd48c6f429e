"""The records fetched from a partition, in the shape of one message for Faust."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from aiokafka.structs import ConsumerRecord

from copq.kafka.identity import LogIdentity

if TYPE_CHECKING:
    from faust.types import TP


class FetchedRecords(NamedTuple):
    """The message of an agent: records of one partition, in order, and their log."""

    records: Sequence[ConsumerRecord]
    log: LogIdentity


class RecordBatch(NamedTuple):
    """Records of one partition in the shape of one record, with the fields of the last record."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    headers: Sequence[tuple[str, bytes]]
    key: None
    value: FetchedRecords
    checksum: None
    serialized_key_size: int
    serialized_value_size: int


class BatchMessage(Protocol):
    """Faust's message of a batch."""

    partition: int
    offset: int
    generation_id: int
    value: FetchedRecords
    acked: bool

    @property
    def tp(self) -> "TP": ...


class BatchEvent(Protocol):
    """Faust's event of a batch, as an agent receives it."""

    value: FetchedRecords
    message: BatchMessage

    def ack(self) -> bool: ...


def pack(fetched: FetchedRecords) -> RecordBatch:
    """Pack the records fetched from a partition into one batch. At least one record."""
    last = fetched.records[-1]
    return RecordBatch(
        last.topic, last.partition, last.offset, last.timestamp, last.timestamp_type, (), None,
        fetched, None, 0, 0,
    )  # fmt: skip
