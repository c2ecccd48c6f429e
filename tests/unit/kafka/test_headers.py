"""What headers say of an event, written by copq and by whoever may write to the topic."""

from types import SimpleNamespace
from typing import Any

import pytest

from copq.kafka.headers import NONE, SENT_BY, Headers, forwarded_headers, sender_headers, sender_of
from copq.telemetry.traceparents import TRACEPARENT, is_sampled, traceparents

SAMPLED = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


@pytest.mark.parametrize("name", ["press-4", "größe 7", "a" * 256])
def test_a_name_comes_through(name: str) -> None:
    assert sender_of(sender_headers(name)) == name


def test_nobody_costs_no_header() -> None:
    assert sender_headers(None) is NONE
    assert sender_of(NONE) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"", None),
        (b"a\tb\n\x00c\\N", "a<U+0009>b<U+000A><U+0000>c\\N"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"x" * 100_000, "x" * 256),
    ],
)
def test_what_others_wrote_is_made_fit_to_be_stored(value: bytes, name: str | None) -> None:
    assert sender_of([("traceparent", b"00-1"), (SENT_BY, value)]) == name


def test_only_the_sender_and_the_trace_are_passed_on() -> None:
    headers = [*sender_headers("press-4", SAMPLED), ("ce_id", b"7"), ("tracestate", b"a=1")]
    assert forwarded_headers(headers) == sender_headers("press-4", SAMPLED)


@pytest.mark.parametrize(
    "value",
    [None, b"", b"00-1", SAMPLED + b"-more", SAMPLED + b"\n", SAMPLED.upper(), b"x" * 9_999],
)
def test_what_is_no_trace_is_left_behind(value: Any) -> None:
    headers = [(TRACEPARENT, value)]
    assert forwarded_headers(headers) == NONE
    assert traceparents([_record(headers)]) == []


def test_the_traces_of_records_are_found_once_each_in_order() -> None:
    records = [
        _record(sender_headers(None, value)) for value in (UNSAMPLED, SAMPLED, None, UNSAMPLED)
    ]
    assert traceparents(records) == [UNSAMPLED, SAMPLED]
    assert [is_sampled(value) for value in (UNSAMPLED, SAMPLED)] == [False, True]


def _record(headers: Headers) -> Any:
    return SimpleNamespace(headers=tuple(headers))


def test_what_is_passed_on_fits_beside_any_message() -> None:
    trace = b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"
    many = [(TRACEPARENT, trace)] * 1_000 + [(SENT_BY, b"x" * 500_000)] * 2
    assert sum(len(name) + len(value) for name, value in forwarded_headers(many)) < 2_000
