"""What is kept of a refused message."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from copq.schemas.documents import FOLDER
from copq.schemas.refusal import Refusal
from copq.schemas.rejected import KEPT_BYTES, Origin, decode, encode, rejected_event

NOW = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)
WHY = Refusal("malformed_json", "", "is not JSON")
PLACE = Origin(topic="quality.events", partition=3, offset=41)


@pytest.mark.parametrize("payload", [b"", b"\x00\xff\xed\xa0\x80", '{"größe": 1}'.encode()])
@pytest.mark.parametrize("origin", [None, PLACE])
def test_it_comes_through_with_its_bytes(payload: bytes, origin: Origin | None) -> None:
    event = rejected_event(WHY, payload, NOW, origin)
    assert decode(encode(event)) == event
    assert (event.payload, event.size) == (payload, len(payload))


def test_it_says_who_sent_it() -> None:
    event = rejected_event(WHY, b"x", NOW, sent_by="press-4")
    assert decode(encode(event)).sent_by == "press-4"


def test_of_a_large_message_the_beginning_is_kept_and_the_size() -> None:
    event = rejected_event(WHY, b"x" * (KEPT_BYTES + 1), NOW)
    assert (event.payload, event.size) == (b"x" * KEPT_BYTES, KEPT_BYTES + 1)


def test_it_fits_the_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((FOLDER / "json" / "rejected.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(encode(rejected_event(WHY, b"x", NOW, PLACE))), schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"payload_base64": "no base64!"},
        {"size": 2**70},
        {"origin": {"topic": "quality.events", "partition": 2**40, "offset": 1}},
        {"origin": {"topic": "quality.events", "partition": 1, "offset": 2**70}},
    ],
)
def test_what_no_store_could_keep_is_no_rejected_event(wrong: dict[str, object]) -> None:
    told = json.loads(encode(rejected_event(WHY, b"x", NOW, PLACE)))
    with pytest.raises(ValidationError):
        decode(json.dumps(told | wrong).encode())
