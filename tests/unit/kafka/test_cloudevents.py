"""Which records are CloudEvents, and what people see of those that were refused."""

import json

import pytest

from copq.kafka.cloudevents import as_structured, envelope_of, event_in, event_in_fixed
from copq.schemas.decode import decode
from copq.schemas.refusal import Refused
from copq.schemas.rejected import KEPT_HEADERS

FACTS = b'{"plant": "pune", "line": "L1", "product": "widget", "stage": "S1", "quantity": 3}'
BINARY = [
    ("CE_SpecVersion", b"1.0"), ("ce_id", b"17"), ("ce_source", b"/pune/press"),
    ("ce_type", b"com.example.defect"), ("ce_time", b"2026-01-31T14:05:00Z"),
    ("Content-Type", b"application/json"), ("traceparent", b"00-1"),
]  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("traceparent", b"00-1")],
        [("content-type", b"application/json"), ("copq-sent-by", b"press-4")],
        [("content-type", None)],
    ],
)
def test_other_records_are_none(headers: list[tuple[str, bytes]]) -> None:
    assert envelope_of(headers) == {}
    assert event_in({}, FACTS) == FACTS


def test_headers_are_read_in_any_case_and_others_are_no_part_of_it() -> None:
    envelope = envelope_of(BINARY)
    assert "traceparent" not in envelope
    event = decode(event_in(envelope, FACTS))
    assert (event.event_id, event.event_type, event.source) == (
        "/pune/press 17", "defect", "/pune/press",
    )  # fmt: skip


def test_what_is_shown_of_a_refused_one_is_the_same_event() -> None:
    shown = as_structured(envelope_of(BINARY), FACTS)
    assert json.loads(shown)["datacontenttype"] == "application/json"
    assert decode(event_in_fixed(shown)) == decode(event_in(envelope_of(BINARY), FACTS))


def test_broken_data_is_shown_where_it_can_be_fixed() -> None:
    shown = as_structured(envelope_of(BINARY), FACTS.replace(b": 3", b": three"))
    fixed = shown.replace(b": three", b": 3")
    assert decode(event_in_fixed(fixed)) == decode(event_in(envelope_of(BINARY), FACTS))


def test_an_event_of_ours_may_be_what_was_fixed() -> None:
    assert event_in_fixed(FACTS) == FACTS
    assert event_in_fixed(b"no json") == b"no json"


@pytest.mark.parametrize(
    ("headers", "code", "field"),
    [
        ([("ce_id", b"17")], "missing_field", "specversion"),
        ([("content-type", b"application/cloudevents-batch+json")], "bad_envelope", "content-type"),
        ([("content-type", b"application/cloudevents+json; charset=utf-8")], "missing_field", None),
        ([*BINARY, ("ce_big", b"x" * KEPT_HEADERS)], "too_large", ""),
    ],
)
def test_a_broken_envelope_is_refused(
    headers: list[tuple[str, bytes]], code: str, field: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        event_in(envelope_of(headers), FACTS)
    assert refused.value.refusal.code == code
    assert field is None or refused.value.refusal.field == field
