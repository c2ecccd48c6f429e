"""Our own events as JSON: the topic may supply fields that the payload leaves out."""

from hashlib import blake2b
from typing import Any

import msgspec

from copq.ingest.mqtt.config import PlainSubscription
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.message import Message, Read, encode_event, refused
from copq.ingest.mqtt.topic import FIELDS
from copq.schemas.names import canonical
from copq.schemas.refusal import Refused

Members = dict[str, msgspec.Raw]
_decode_object = msgspec.json.Decoder(Members).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode = msgspec.json.Decoder().decode


class PlainReader:
    """Reads messages of one subscription. Numbers keep all their digits."""

    def __init__(self, subscription: PlainSubscription) -> None:
        self._constants = subscription.constants
        self._drop = subscription.drop

    def read(self, message: Message, memory: Memory) -> Read:
        """One event of an object, several of an array, each refused by itself. Raises `Refused`."""
        known = self._constants | {n: v for n, v in message.fields.items() if n in FIELDS}
        payload, read = message.payload.strip(), Read()
        for part in _parts(payload) if payload.startswith(b"[") else [payload]:
            try:
                read.events.append(self._event(part, known, message.topic))
            except Refused as why:
                read.refuse(why.refusal, part)
        return read

    def _event(self, raw: bytes, known: dict[str, str], topic: str) -> bytes:
        members = _members(raw)
        for name, value in known.items():
            _fill(members, name, value)
        if "event_id" not in members:
            members["event_id"] = msgspec.Raw(encode_event(_derived_id(topic, raw)))
        for name in self._drop:
            members.pop(name, None)
        return encode_event(members)


def _parts(payload: bytes) -> list[bytes]:
    try:
        return [bytes(part) for part in _decode_array(payload)]
    except msgspec.DecodeError as error:
        raise refused("malformed_json", "", f"is not JSON: {error}") from None


def _members(raw: bytes) -> Members:
    try:
        return _decode_object(raw)
    except msgspec.ValidationError:
        raise refused("not_an_object", "", "an event is a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refused("malformed_json", "", f"is not JSON: {error}") from None


def _fill(members: Members, name: str, value: str) -> None:
    if name not in members:
        members[name] = msgspec.Raw(encode_event(value))
    elif (said := _value(members[name])) != value and _canonical_value(said) != value:
        why = f'{name} is "{said}" in the payload and "{value}" by the topic; leave it out of one'
        raise refused("contradiction", name, why[:480])


def _value(raw: msgspec.Raw) -> Any:
    return _decode(raw)


def _canonical_value(said: Any) -> Any:
    return canonical(said) if isinstance(said, str) else said


def _derived_id(topic: str, raw: bytes) -> str:
    """The id of an event without one: the same for the same topic and bytes."""
    digest = blake2b(canonical(topic).encode() + b"\x00" + raw, digest_size=16)
    return f"mqtt/{digest.hexdigest()}"
