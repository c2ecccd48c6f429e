"""The quick way in is never laxer than the model, and refuses in no other way than `Refused`."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from copq.schemas.decode import MAX_EVENT_BYTES, decode, decode_strictly
from copq.schemas.events import EVENT_MODELS
from copq.schemas.examples import EXAMPLES
from copq.schemas.refusal import Refused
from tests.support.schemas.mutated import as_json, mutated
from tests.support.schemas.odd import ODD_IDS, ODD_MAPS, ODD_NUMBERS, ODD_TAGS, ODD_TEXTS, ODD_TIMES
from tests.support.searching import examples

DEFECT = EXAMPLES["defect"]


def answer(reader: Callable[[bytes], Any], raw: bytes) -> Any:
    """All that a reader says: the values of every field, or the refusal."""
    try:
        event = reader(raw)
    except Refused as refused:
        return refused.refusal
    fields = ("event_type", *EVENT_MODELS[event.event_type].model_fields)
    return {name: _with_offset(getattr(event, name)) for name in fields}


def _with_offset(value: Any) -> Any:
    """Instants are equal whatever their offset: here that counts too."""
    return (value, value.utcoffset()) if hasattr(value, "utcoffset") else value


@examples(6)
@given(mutated())
def test_the_quick_way_says_what_the_model_says(raw: bytes) -> None:
    assert answer(decode, raw) == answer(decode_strictly, raw)


@pytest.mark.parametrize("number", ODD_NUMBERS)
@pytest.mark.parametrize("name", ["quantity", "good"])
def test_odd_numbers_are_read_as_the_model_reads_them(name: str, number: str) -> None:
    for event in ("production", "scrap"):
        raw = as_json([(n, json.dumps(v)) for n, v in EXAMPLES[event].items()] + [(name, number)])
        assert answer(decode, raw) == answer(decode_strictly, raw)


@pytest.mark.parametrize("when", ODD_TIMES)
def test_odd_times_are_read_as_the_model_reads_them(when: str) -> None:
    raw = json.dumps({**DEFECT, "occurred_at": when}).encode()
    assert answer(decode, raw) == answer(decode_strictly, raw)


@pytest.mark.parametrize("literal", [*ODD_TEXTS, *ODD_MAPS, *ODD_TAGS, *ODD_IDS])
@pytest.mark.parametrize("name", ["event_id", "plant", "shift", "attributes", "event_type"])
def test_odd_texts_are_read_as_the_model_reads_them(name: str, literal: str) -> None:
    raw = as_json([(n, json.dumps(v)) for n, v in DEFECT.items() if n != name] + [(name, literal)])
    assert answer(decode, raw) == answer(decode_strictly, raw)


@examples(4)
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(json.dumps(DEFECT).encode("utf-16"))
@example(json.dumps(DEFECT).encode() + b"x")
@example(json.dumps(DEFECT).encode() * 2)
def test_any_bytes_are_refused_or_read_alike(raw: bytes) -> None:
    assert answer(decode, raw) == answer(decode_strictly, raw)


@examples(2)
@given(st.integers(0, 250), st.binary(max_size=3))
def test_a_damaged_message_is_refused_or_read_alike(at: int, damage: bytes) -> None:
    sound = json.dumps(DEFECT).encode()
    raw = sound[:at] + damage + sound[at + len(damage) :]
    assert answer(decode, raw) == answer(decode_strictly, raw)


LARGE = {
    "objects within objects": b'{"a":' * 50_000,
    "lists within lists": b"[" * 200_000,
    "a number nested deep": b'{"quantity":' + b"[" * 99_000 + b"]" * 99_000 + b"}",
    "a whole number of 250 KB": b'{"quantity":' + b"9" * 250_000 + b"}",
    "a fraction of 250 KB": b'{"event_type":"scrap","quantity":0.' + b"1" * 250_000 + b"}",
    "a text of 250 KB": b'{"event_type":"' + b"x" * 250_000 + b'"}',
    "a name of 250 KB": b'{"event_type":"scrap","' + b"x" * 250_000 + b'":1}',
    "20,000 unknown fields": as_json(
        [("event_type", '"scrap"'), *((f"k{n}", "1") for n in range(20_000))]
    ),
    "20,000 attributes": as_json(
        [
            *((n, json.dumps(v)) for n, v in DEFECT.items()),
            ("attributes", as_json([(f"k{n}", "1") for n in range(20_000)]).decode()),
        ]
    ),
    "a correction in a correction": b'{"event_type":"correction","replacement":' * 5_000,
}


@pytest.mark.parametrize("what", LARGE)
def test_what_is_made_to_be_slow_is_refused_soon(what: str) -> None:
    raw = LARGE[what]
    assert len(raw) <= MAX_EVENT_BYTES
    started = time.process_time()
    with pytest.raises(Refused) as refused:
        decode(raw)
    assert time.process_time() - started < 2
    assert len(refused.value.refusal.message) < 500
    assert len(refused.value.refusal.field) < 200


def test_ten_megabytes_are_refused_unread() -> None:
    with pytest.raises(Refused, match="is 10485760 bytes; 262144 at most"):
        decode(b"[" * 10 * 1024 * 1024)


def test_nothing_unprintable_comes_back_in_a_refusal() -> None:
    rows = (
        {**DEFECT, "a\x00b": 1},
        {**DEFECT, "event_type": "de\x00fect\x1b[2J"},
        {**DEFECT, "attributes": {"a\x00b": 1}},
        {**DEFECT, "attributes": {"a\x00b": "v"}},
        {**DEFECT, "plant": "a\x00b"},
    )
    for row in rows:
        with pytest.raises(Refused) as refused:
            decode(json.dumps(row).encode())
        said = refused.value.refusal
        assert (said.field + said.message).isprintable(), said
