"""A CloudEvent is the event in its data, and the envelope fills in only what is lacking."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.schemas.cloudevents import from_binary, from_structured
from copq.schemas.decode import MAX_EVENT_BYTES, decode
from copq.schemas.examples import EXAMPLES
from copq.schemas.refusal import Refused
from tests.support.schemas.mutated import mutated
from tests.support.searching import examples

ENVELOPE = {
    "specversion": "1.0",
    "id": "17",
    "source": "/hamburg/press-4",
    "type": "com.example.defect",
    "time": "2026-01-31T14:05:00+01:00",
}
FACTS = {"plant": "hamburg", "line": "L1", "product": "widget", "stage": "S1", "quantity": 3}
WHOLE = {
    **FACTS,
    "event_id": "/hamburg/press-4 17",
    "event_type": "defect",
    "source": "/hamburg/press-4",
    "occurred_at": "2026-01-31T14:05:00+01:00",
}


def structured(data: Any = FACTS, **changes: Any) -> bytes:
    envelope = {**ENVELOPE, "data": data, **changes}
    return json.dumps({k: v for k, v in envelope.items() if v is not None}).encode()


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        decode(from_structured(raw))
    return refused.value.refusal.code, refused.value.refusal.field


def test_the_envelope_gives_what_the_event_lacks() -> None:
    assert json.loads(from_structured(structured())) == WHOLE
    assert json.loads(from_binary(ENVELOPE, json.dumps(FACTS).encode())) == WHOLE
    decode(from_structured(structured()))


@pytest.mark.parametrize("event_type", EXAMPLES)
def test_an_event_that_lacks_nothing_keeps_its_bytes(event_type: str) -> None:
    raw = json.dumps({"source": "mes", **EXAMPLES[event_type]}, indent=1).encode()
    assert decode(from_binary(ENVELOPE, raw)) == decode(raw)
    if event_type != "downtime":
        assert from_binary(ENVELOPE, raw) == raw


def test_numbers_stay_the_text_that_was_sent() -> None:
    raw = structured().replace(b'"quantity": 3', b'"quantity": 1.10')
    assert b'"quantity": 1.10' in from_structured(raw)


def test_an_empty_event_is_filled_and_refused_for_the_rest() -> None:
    assert refusal(structured({})) == ("missing_field", "plant")


def test_two_sources_with_the_same_number_send_two_events() -> None:
    pairs = [("/a", "b c"), ("/a%20b", "c"), ("/a", "b"), ("x" * 120, "b c"), ("x" * 120, "bc")]
    ids = {json.loads(from_structured(structured(source=s, id=i)))["event_id"] for s, i in pairs}
    assert len(ids) == len(pairs)
    assert all(len(found) <= 128 for found in ids)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"source": "urn:café"}, {"source": "urn:cafe\u0301"}),
        ({"source": "urn:café"}, {"source": "urn:caf%C3%A9"}),
        ({"source": "urn:caf%c3%a9"}, {"source": "urn:caf%C3%A9"}),
        ({"source": "urn:%41"}, {"source": "urn:A"}),
        ({"id": "presse é"}, {"id": "presse e\u0301"}),
        ({"id": "é" * 200}, {"id": "e\u0301" * 200}),
    ],
)
def test_one_source_and_number_in_two_spellings_are_one_event(
    one: dict[str, str], other: dict[str, str]
) -> None:
    ids = {decode(from_structured(structured(**said))).event_id for said in (one, other)}
    assert len(ids) == 1


@pytest.mark.parametrize("pair", [("urn:a%2Fb", "urn:a/b"), ("urn:%FF", "urn:%FE")])
def test_escapes_that_keep_sources_apart_stay(pair: tuple[str, str]) -> None:
    ids = {decode(from_structured(structured(source=source))).event_id for source in pair}
    assert len(ids) == 2


def test_a_stop_occurs_as_it_starts_whenever_it_is_sent() -> None:
    stop = {k: v for k, v in EXAMPLES["downtime"].items() if k not in ("event_id", "event_type")}
    raw = from_structured(structured(stop, type="downtime", time="2026-02-01T00:00:00Z"))
    assert decode(raw).occurred_at.isoformat() == stop["started_at"]


@pytest.mark.parametrize("given_type", ["defect", "com.acme.defect", "com.acme.defect.v2"])
def test_the_event_type_is_the_end_of_the_type(given_type: str) -> None:
    assert json.loads(from_structured(structured(type=given_type)))["event_type"] == "defect"


def test_data_may_be_base64() -> None:
    raw = structured(None, data_base64=b64encode(json.dumps(FACTS).encode()).decode())
    assert json.loads(from_structured(raw)) == WHOLE


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        (b"{", "malformed_json", ""),
        (b"[]", "not_an_object", ""),
        (b'{"a":' * 50_000, "malformed_json", ""),
        (b" " * (2 * MAX_EVENT_BYTES + 1), "too_large", ""),
        (json.dumps(FACTS).encode(), "missing_field", "specversion"),
        (structured(id=None), "missing_field", "id"),
        (structured(id=""), "missing_field", "id"),
        (structured(source=None), "missing_field", "source"),
        (structured(source="a b"), "bad_envelope", "source"),
        (structured(id=17), "bad_envelope", "id"),
        (structured(specversion="0.3"), "bad_envelope", "specversion"),
        (structured(datacontenttype="text/xml"), "bad_envelope", "datacontenttype"),
        (structured(None), "missing_field", "data"),
        (structured("text"), "not_an_object", ""),
        (structured(None, data_base64="&"), "bad_envelope", "data_base64"),
        (structured(type="com.example.defct"), "unknown_event_type", "event_type"),
        (structured(time="yesterday"), "invalid_value", "occurred_at"),
        (structured(id="a\x00b"), "bad_envelope", "id"),
        (structured(id="a\ufffd"), "bad_envelope", "id"),
        (structured(id="a\u200b"), "bad_envelope", "id"),
        (structured({**FACTS, "unit_cost": 1}), "price_refused", "unit_cost"),
    ],
)
def test_what_is_no_cloudevent_is_refused(raw: bytes, code: str, field: str) -> None:
    assert refusal(raw) == (code, field)


texts = st.one_of(st.sampled_from(list(ENVELOPE.values())), st.text(max_size=200))


@examples(4)
@given(st.dictionaries(st.sampled_from(list(ENVELOPE)), texts), mutated())
def test_any_envelope_is_refused_or_gives_bytes(changes: dict[str, str], data: bytes) -> None:
    try:
        decode(from_binary({**ENVELOPE, **changes}, data))
    except Refused as refused:
        assert refused.refusal.message
