"""The identity of a partition's log. A topic that was deleted and made again is another log under
the same name. So is a log that lost its end and was filled again: an offset then means another
record.

aiokafka 0.14 reads neither topic ids nor leader epochs, so this module defines the request for
both. Brokers answer it since Kafka 2.8.
"""

from hashlib import blake2b
from io import BytesIO
from typing import Any, NamedTuple

from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)
from aiokafka.structs import ConsumerRecord

from copq.schemas.rejected import Origin


class LogIdentity(NamedTuple):
    """The identity of one partition's log. Fields keep their defaults if brokers have no
    topic ids."""

    topic_id: str = ""
    """A different id means that the topic was deleted and made again."""
    leader_epoch: int = -1
    """A higher epoch means another leader, which may lack records of the previous one."""


def fingerprint(record: ConsumerRecord) -> str:
    """A digest that distinguishes a record from any other at the same offset."""
    digest = blake2b(str(record.timestamp).encode(), digest_size=16)
    for part in (record.key, record.value):
        digest.update(b"-" if part is None else b"%d:%b" % (len(part), part))
    return digest.hexdigest()


def origin_of(record: ConsumerRecord) -> Origin:
    """The place and the fingerprint of a message."""
    return Origin(
        topic=record.topic, partition=record.partition, offset=record.offset,
        fingerprint=fingerprint(record),
    )  # fmt: skip


class _Uuid(AbstractType[str]):  # type: ignore[misc]
    @classmethod
    def encode(cls, value: str) -> bytes:
        return bytes.fromhex(value)

    @classmethod
    def decode(cls, data: BytesIO) -> str:
        return data.read(16).hex()


_NONE = "00" * 16
_TAGS: tuple[str, Any] = ("tags", TaggedFields)
_NUMBERS: Array = CompactArray(Int32)


class _Answer(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 11
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(
            ("node_id", Int32), ("host", CompactString("utf-8")), ("port", Int32),
            ("rack", CompactString("utf-8")), _TAGS,
        )),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        ("topics", CompactArray(
            ("error_code", Int16), ("name", CompactString("utf-8")), ("topic_id", _Uuid),
            ("is_internal", Boolean),
            ("partitions", CompactArray(
                ("error_code", Int16), ("partition", Int32), ("leader", Int32),
                ("leader_epoch", Int32), ("replicas", _NUMBERS), ("isr", _NUMBERS),
                ("offline_replicas", _NUMBERS), _TAGS,
            )),
            ("operations", Int32), _TAGS,
        )),
        _TAGS,
    )  # fmt: skip


class _Question(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 11
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", CompactString("utf-8")), _TAGS)),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        _TAGS,
    )


class IdentityRequest(Request[_Question]):  # type: ignore[misc]
    """Requests the identities of a topic's partitions; `identities_in` reads the answer.

    Sending it raises `NotImplementedError` if the broker is older than Kafka 2.8.
    """

    API_KEY = 3

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[_Question]) -> _Question:
        return request_struct_class([(_NONE, self._topic, {})], False, False, {})


def identities_in(answer: Any) -> dict[int, LogIdentity]:
    """The identities by partition; empty for an unknown topic."""
    return {
        partition: LogIdentity(topic_id, epoch)
        for error, _, topic_id, _, partitions, _, _ in answer.topics
        for _, partition, _, epoch, *_ in partitions
        if not error
    }
