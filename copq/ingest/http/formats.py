"""The formats of a body: an event, an array, NDJSON, or CloudEvents in one of three modes."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.datastructures import Headers

from copq.ingest.check import Unreadable
from copq.ingest.http.body import Body
from copq.ingest.http.turned_away import TurnedAway
from copq.schemas.cloudevents import from_binary, from_structured
from copq.schemas.decode import MAX_EVENT_BYTES
from copq.schemas.refusal import Refused

JSON = "application/json"
NDJSON = "application/x-ndjson"
CLOUDEVENT = "application/cloudevents+json"
CLOUDEVENTS = "application/cloudevents-batch+json"
ACCEPTED = (JSON, NDJSON, CLOUDEVENT, CLOUDEVENTS)
_NDJSON = (NDJSON, "application/ndjson", "application/jsonl", "application/json-lines")

CHUNK = 1_000
CHUNK_BYTES = 512 * 1024
"""Events stored at once; a longer body is stored in parts, in order."""

MAX_JSON_BYTES = 4 * 1024 * 1024
"""Of a JSON document; NDJSON is read as a stream and has no limit but the line's."""

LEAST_BETWEEN_COMMAS = 10
"""Bytes of an array for each of its commas, on the average: events have more, and an array of
nothing but numbers would fill the memory with its elements."""

_BOM = b"\xef\xbb\xbf"
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
Reader = Callable[[Body], AsyncIterator[list[bytes]]]


def reader(headers: Headers) -> Reader:
    """The reader for the events of a body. Raises `TurnedAway` 415."""
    kind, _, parameters = headers.get("content-type", JSON).lower().partition(";")
    kind = kind.strip()
    _check_charset(parameters)
    if kind in _NDJSON:
        return _lines
    if kind == CLOUDEVENT:
        return partial(_one, read=from_structured)
    if kind == CLOUDEVENTS:
        return partial(_array, read=from_structured)
    if kind != JSON:
        why = f'Content-Type "{kind[:64]}" is not read here; send {", ".join(ACCEPTED)}'
        raise TurnedAway(415, why, Accept_Post=", ".join(ACCEPTED))
    if attributes := _attributes(headers):
        return partial(_one, read=lambda data: from_binary(attributes, data))
    return _document


def _check_charset(parameters: str) -> None:
    name, _, value = parameters.strip().partition("=")
    if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
        raise TurnedAway(415, "JSON is sent in UTF-8", Accept_Post=", ".join(ACCEPTED))


def _attributes(headers: Headers) -> Mapping[str, str]:
    """Of a CloudEvent in binary mode: UTF-8, percent-encoded or as it is, with quotes or without.

    Bytes that are not UTF-8 become U+FFFD, with which an envelope is refused.
    """
    return {n[3:]: _text(value) for n, value in headers.items() if n.startswith("ce-")}


def _text(value: str) -> str:
    """Of a header that came in as Latin-1."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _QUOTED.sub(r"\1", value[1:-1])
    return unquote_to_bytes(value.encode("latin-1")).decode(errors="replace")


_QUOTED = re.compile(r"\\(.)")


async def _document(body: Body) -> AsyncIterator[list[bytes]]:
    text = await _whole(body)
    events = _elements(text) if text.startswith(b"[") else [text]
    for chunk in _chunks(events):
        yield chunk


async def _one(body: Body, read: Callable[[bytes], bytes]) -> AsyncIterator[list[bytes]]:
    yield [_event(read, await _whole(body))]


async def _array(body: Body, read: Callable[[bytes], bytes]) -> AsyncIterator[list[bytes]]:
    text = await _whole(body)
    if not text.startswith(b"["):
        raise TurnedAway(400, f"a body of {CLOUDEVENTS} is an array; send one as {CLOUDEVENT}")
    for chunk in _chunks(_elements(text)):
        yield [_event(read, raw) for raw in chunk]


def _event(read: Callable[[bytes], bytes], raw: bytes) -> bytes:
    try:
        return read(raw)
    except Refused as refused:
        return Unreadable(raw, refused.refusal)


async def _whole(body: Body) -> bytes:
    text = bytearray()
    async for part in body.parts():
        text += part
        if len(text) > MAX_JSON_BYTES:
            why = f"a JSON document may have {MAX_JSON_BYTES} bytes; send {NDJSON} for more"
            raise TurnedAway(413, why)
    stripped = bytes(text).removeprefix(_BOM).strip()
    if not stripped:
        raise TurnedAway(400, "the body holds no event")
    return stripped


def _elements(text: bytes) -> list[msgspec.Raw]:
    if text.count(b",") > 1_000 + len(text) // LEAST_BETWEEN_COMMAS:
        raise TurnedAway(413, f"the array has more elements than events could be; send {NDJSON}")
    try:
        return _decode_array(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise TurnedAway(400, f"the body is not JSON: {error}") from None


def _chunks(events: Iterable[msgspec.Raw | bytes]) -> Iterable[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for event in events:
        chunk.append(bytes(event))
        size += len(chunk[-1])
        if len(chunk) >= CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


async def _lines(body: Body) -> AsyncIterator[list[bytes]]:
    """NDJSON as it arrives; memory holds one chunk."""
    lines: list[bytes] = []
    size = 0
    async for found in _split(body):
        lines += found
        size += sum(map(len, found))
        while len(lines) >= CHUNK or size >= CHUNK_BYTES:
            chunk, lines = lines[:CHUNK], lines[CHUNK:]
            size = sum(map(len, lines))
            yield chunk
    if lines:
        yield lines


async def _split(body: Body) -> AsyncIterator[list[bytes]]:
    """The complete lines. A line that is too long is cut where it is still refused."""
    rest, first = b"", True
    async for part in body.parts():
        if first:
            part, first = part.removeprefix(_BOM), False
        *lines, rest = (rest + part).split(b"\n")
        rest = rest[: MAX_EVENT_BYTES + 1]
        yield [line for line in map(bytes.strip, lines) if line]
    if first:
        raise TurnedAway(400, "the body holds no event")
    if stripped := rest.strip():
        yield [stripped]
