"""CloudEvents on Kafka, by a record's headers: binary mode (`ce_…`) and structured mode."""

import json
from collections.abc import Mapping

from copq.kafka.headers import Read
from copq.schemas.cloudevents import from_binary, from_structured
from copq.schemas.refusal import Refusal, Refused, printable_name
from copq.schemas.rejected import KEPT_HEADERS

PREFIX = "ce_"
CONTENT_TYPE = "content-type"
STRUCTURED = "application/cloudevents+json"
Envelope = Mapping[str, str]
"""The headers that make a record a CloudEvent, named in lower case; empty for any other record."""


def envelope_of(headers: Read) -> Envelope:
    """The envelope of a record that is a CloudEvent by its `ce_` headers or its content type.

    Bytes that are not UTF-8 become U+FFFD, and such an envelope is refused later.
    """
    envelope = {
        name.lower(): (value or b"").decode(errors="replace")
        for name, value in headers
        if name.lower().startswith(PREFIX) or name.lower() == CONTENT_TYPE
    }
    is_one = any(name.startswith(PREFIX) for name in envelope) or _kind(envelope).startswith(
        "application/cloudevents"
    )
    return envelope if is_one else {}


def event_in(envelope: Envelope, value: bytes) -> bytes:
    """The event of a record, not yet checked against the schema. Raises `Refused`."""
    if not envelope:
        return value
    if is_too_large(envelope):
        message = f"the CloudEvent's headers hold more than {KEPT_HEADERS} bytes"
        raise Refused(Refusal("too_large", "", message))
    kind = _kind(envelope)
    if kind == STRUCTURED:
        return from_structured(value)
    if kind.startswith("application/cloudevents"):
        shown = printable_name(kind)
        message = f'content-type is "{shown}"; send one CloudEvent a record, as {STRUCTURED}'
        raise Refused(Refusal("bad_envelope", CONTENT_TYPE, message))
    return from_binary(_attributes(envelope), value)


def is_too_large(envelope: Envelope) -> bool:
    return sum(len(name) + len(value) for name, value in envelope.items()) > KEPT_HEADERS


def as_structured(envelope: Envelope, value: bytes) -> bytes:
    """A record as one text, for people to read and fix; invalid JSON if its data is invalid."""
    if not envelope or _kind(envelope) == STRUCTURED:
        return value
    attributes = json.dumps(_attributes(envelope), ensure_ascii=False, indent=1)
    return attributes.removesuffix("\n}").encode() + b',\n "data": ' + value + b"\n}"


def event_in_fixed(text: bytes) -> bytes:
    """The event in a fixed record: an event, or a CloudEvent around it. Raises `Refused`."""
    try:
        fixed = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return from_structured(text) if isinstance(fixed, dict) and "specversion" in fixed else text


def _attributes(envelope: Envelope) -> dict[str, str]:
    attributes = {name[len(PREFIX) :]: v for name, v in envelope.items() if name.startswith(PREFIX)}
    kind = envelope.get(CONTENT_TYPE)
    return attributes if kind is None else {**attributes, "datacontenttype": kind}


def _kind(envelope: Envelope) -> str:
    return envelope.get(CONTENT_TYPE, "").split(";")[0].strip().lower()
