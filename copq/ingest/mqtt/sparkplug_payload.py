"""Sparkplug B payloads: the part of their protobuf schema with values.

Field numbers are those of the Sparkplug 3.0.0 specification, section 6.4.1. Google's protobuf
reads them; what is not declared here (data sets, templates, properties) it skips.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from struct import pack, unpack
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from copq.ingest.mqtt.counter_rules import SIGNED, UNSIGNED
from copq.ingest.mqtt.message import refused

Value = Decimal | bool | str

_FIELD = descriptor_pb2.FieldDescriptorProto
_METRIC = {
    "name": (1, _FIELD.TYPE_STRING), "alias": (2, _FIELD.TYPE_UINT64),
    "timestamp": (3, _FIELD.TYPE_UINT64), "datatype": (4, _FIELD.TYPE_UINT32),
    "is_historical": (5, _FIELD.TYPE_BOOL), "is_null": (7, _FIELD.TYPE_BOOL),
}  # fmt: skip
_VALUES = {
    "int_value": (10, _FIELD.TYPE_UINT32), "long_value": (11, _FIELD.TYPE_UINT64),
    "float_value": (12, _FIELD.TYPE_FLOAT), "double_value": (13, _FIELD.TYPE_DOUBLE),
    "boolean_value": (14, _FIELD.TYPE_BOOL), "string_value": (15, _FIELD.TYPE_STRING),
}  # fmt: skip
_BOOLEAN = 11


def _schema() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="copq/sparkplug_b.proto", syntax="proto2")
    metric = file.message_type.add(name="Metric")
    metric.oneof_decl.add(name="value")
    for name, (number, kind) in _METRIC.items():
        metric.field.add(name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL)
    for name, (number, kind) in _VALUES.items():
        metric.field.add(
            name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL, oneof_index=0
        )
    payload = file.message_type.add(name="Payload")
    for name, number in (("timestamp", 1), ("seq", 3)):
        kind = _FIELD.TYPE_UINT64
        payload.field.add(name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics", number=2, type=_FIELD.TYPE_MESSAGE, label=_FIELD.LABEL_REPEATED,
        type_name=".Metric",
    )  # fmt: skip
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_schema())
_Payload: Any = message_factory.GetMessageClass(_pool.FindMessageTypeByName("Payload"))


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. In data either its name or its alias may be missing."""

    name: str | None
    alias: int | None
    timestamp_ms: int | None
    datatype: int | None
    historical: bool
    raw: Any
    """The protobuf value; None if there is none of a supported kind."""

    def value(self, datatype: int | None, name: str) -> Value | None:
        """The value by its type. Raises `Refused` if the type cannot hold it."""
        if self.raw is None or isinstance(self.raw, bool | str):
            return self.raw
        if isinstance(self.raw, float):
            return Decimal(repr(self.raw))
        if datatype == _BOOLEAN:
            return bool(self.raw)
        value = _whole(self.raw, datatype)
        if value is None:
            raise refused("out_of_range", name, f"{name} is {self.raw}, more than its type holds")
        return Decimal(value)


@dataclass(frozen=True, slots=True)
class Payload:
    timestamp_ms: int | None
    seq: int | None
    metrics: list[Metric]


def decode(raw: bytes) -> Payload:
    """Raises `Refused`."""
    found = _Payload()
    try:
        found.ParseFromString(raw)
    except DecodeError as error:
        raise refused("malformed_sparkplug", "", f"is not a Sparkplug B payload: {error}") from None
    metrics = [_metric(metric) for metric in found.metrics]
    return Payload(_optional(found, "timestamp"), _optional(found, "seq"), metrics)


def rebirth() -> bytes:
    """The command that asks an edge node for its birth certificates."""
    asked = _Payload()
    asked.metrics.add(name="Node Control/Rebirth", datatype=_BOOLEAN, boolean_value=True)
    return bytes(asked.SerializeToString())


def _metric(found: Any) -> Metric:
    which = found.WhichOneof("value")
    raw = None if which is None or found.is_null else getattr(found, which)
    if which == "float_value" and raw is not None:
        raw = _shortest(raw)
    return Metric(
        _optional(found, "name") or None, _optional(found, "alias"),
        _optional(found, "timestamp"), _optional(found, "datatype"), found.is_historical, raw,
    )  # fmt: skip


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _shortest(value: float) -> float:
    """The shortest decimal that is the same number in 32 bits."""
    if value.is_integer() or not isfinite(value):
        return value
    texts = (f"{value:.{digits}g}" for digits in range(6, 10))
    return next((float(t) for t in texts if unpack("f", pack("f", float(t)))[0] == value), value)


def _whole(raw: int, datatype: int | None) -> int | None:
    """A whole number of its type; None if the type cannot hold it.

    Signed types travel as two's complement, of their own width or of a wider one.
    """
    if bits := UNSIGNED.get(datatype or 0):
        return raw if raw >> bits == 0 else None
    if not (bits := SIGNED.get(datatype or 0)):
        return raw
    for width in (bits, 32, 64):
        value = raw - (1 << width) if width >= bits and raw >> (width - 1) == 1 else raw
        if -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            return value
    return None
