"""CloudEvents 1.0 around our events: the `data` is the event, the envelope fills in what it lacks.

`event_id` is taken from `source` and `id`, which together are a CloudEvent's identity;
`event_type` from the end of `type`; `occurred_at` from `time`; `source` from `source`. What the
event says itself goes before the envelope. The event's own bytes are kept as they are: numbers
stay the text that was sent.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from string import ascii_letters, digits
from urllib.parse import quote

import msgspec

from copq.schemas.decode import MAX_EVENT_BYTES
from copq.schemas.names import canonical, fault_of_name
from copq.schemas.refusal import Refusal, Refused, printable_name

LONGEST_ID = 128
LONGEST_SOURCE = 64
_LARGEST_ENVELOPE = 2 * MAX_EVENT_BYTES
"""Base64 takes a third more, and attributes have their place too."""

_REQUIRED = ("specversion", "id", "source", "type")
_USED = (*_REQUIRED, "time", "datacontenttype")
_BARE = "a CloudEvent needs specversion, id, source and type; a bare event is application/json"

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode
_BROKEN = (msgspec.DecodeError, RecursionError, ValueError)


def from_structured(raw: bytes) -> bytes:
    """The event in a CloudEvent of structured mode. Raises `Refused`."""
    if len(raw) > _LARGEST_ENVELOPE:
        raise Refused(Refusal("too_large", "", f"is {len(raw)} bytes; {_LARGEST_ENVELOPE} at most"))
    envelope = _object(raw, "a CloudEvent is a JSON object")
    attributes = {name: _attribute(name, envelope[name]) for name in _USED if name in envelope}
    _check(attributes)
    return _fill_in(attributes, _data(envelope))


def from_binary(attributes: Mapping[str, str], data: bytes) -> bytes:
    """The event in the data of a CloudEvent. Raises `Refused`.

    `attributes` are named without prefix (`id`, `source`, …), in lower case and decoded;
    `datacontenttype` is among them where it is known.
    """
    _check(attributes)
    return _fill_in(attributes, data)


def _fill_in(attributes: Mapping[str, str], data: bytes) -> bytes:
    said = _object(data, "the data of a CloudEvent is an event, which is a JSON object")
    lacking = [
        f'"{n}":{_json(n, v)}' for n, v in _envelope_fields(attributes, said) if n not in said
    ]
    if not lacking:
        return data
    rest = data.strip()[1:].lstrip()
    return ("{" + ",".join(lacking) + ("," if said else "")).encode() + rest


def _check(attributes: Mapping[str, str]) -> None:
    for name in _USED:
        if fault := fault_of_name(attributes.get(name, "")):
            raise Refused(Refusal("bad_envelope", name, f"{name} {fault}"))
    for name in _REQUIRED:
        if not attributes.get(name):
            raise Refused(Refusal("missing_field", name, f"{name} is missing: {_BARE}"))
    if attributes["specversion"] != "1.0":
        message = (
            f'specversion is "{printable_name(attributes["specversion"])}"; send CloudEvents 1.0'
        )
        raise Refused(Refusal("bad_envelope", "specversion", message))
    if " " in attributes["source"]:
        raise Refused(Refusal("bad_envelope", "source", "source is a URI, which has no blank"))
    kind = attributes.get("datacontenttype", "application/json").split(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        message = f'datacontenttype is "{printable_name(kind)}"; the data must be application/json'
        raise Refused(Refusal("bad_envelope", "datacontenttype", message))


def _envelope_fields(
    attributes: Mapping[str, str], said: Mapping[str, object]
) -> list[tuple[str, str]]:
    """What the envelope knows of the event. A stop occurs as it starts, whenever it is sent."""
    offered = [
        ("event_id", _event_id(attributes["source"], attributes["id"])),
        ("event_type", _event_type(attributes["type"])),
        ("source", canonical(_iri(attributes["source"]))[-LONGEST_SOURCE:].strip()),
    ]
    if attributes.get("time") and "started_at" not in said:
        offered.append(("occurred_at", attributes["time"]))
    return offered


def _event_id(source: str, number: str) -> str:
    """Of source and id, which no two events share: a URI has no blank. A long one is hashed."""
    whole = canonical(f"{_iri(source)} {number}")
    if len(whole) <= LONGEST_ID:
        return whole
    return f"cloudevent:{sha256(whole.encode()).hexdigest()}"


def _iri(source: str) -> str:
    """A URI with its letters as they are: `caf%C3%A9` and `café` are the same source (RFC 3987).

    What an escape keeps apart from the signs of a URI (`%2F`), and bytes that are not text, stay.
    """
    return _ESCAPES.sub(lambda run: _letters(run[0]), source)


_ESCAPES = re.compile("(?:%[0-9A-Fa-f]{2})+")
_UNRESERVED = frozenset(ascii_letters + digits + "-._~")


def _letters(escapes: str) -> str:
    try:
        text = bytes.fromhex(escapes.replace("%", "")).decode()
    except UnicodeDecodeError:
        return escapes.upper()
    return "".join(
        c if c in _UNRESERVED or not (c.isascii() or fault_of_name(c)) else quote(c, safe="")
        for c in text
    )


def _event_type(given: str) -> str:
    """`com.example.defect` and `com.example.defect.v1` are a defect."""
    *before, last = given.split(".")
    return before[-1] if before and last[:1] == "v" and last[1:].isdecimal() else last


def _object(raw: bytes, otherwise: str) -> dict[str, msgspec.Raw]:
    try:
        return _members(raw)
    except msgspec.ValidationError:
        raise Refused(Refusal("not_an_object", "", otherwise)) from None
    except _BROKEN as error:
        raise Refused(Refusal("malformed_json", "", f"is not JSON: {error}")) from None


def _attribute(name: str, raw: msgspec.Raw) -> str:
    try:
        return _text(raw)
    except _BROKEN:
        raise Refused(Refusal("bad_envelope", name, f"{name} must be a text")) from None


def _data(envelope: Mapping[str, msgspec.Raw]) -> bytes:
    if "data_base64" in envelope:
        try:
            return b64decode(_attribute("data_base64", envelope["data_base64"]), validate=True)
        except ValueError:
            message = "data_base64 is not base64"
            raise Refused(Refusal("bad_envelope", "data_base64", message)) from None
    if "data" not in envelope:
        raise Refused(Refusal("missing_field", "data", "data is missing: it holds the event"))
    return bytes(envelope["data"])


def _json(name: str, value: str) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        message = f"{name} is taken from the envelope, which holds no valid text for it"
        raise Refused(Refusal("bad_envelope", name, message)) from None
