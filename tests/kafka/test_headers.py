"""The header that says who sent an event, written by copq and by whoever may write to the topic."""

import pytest

from services.kafka.headers import NONE, SENT_BY, of_sender, passed_on, sent_by


@pytest.mark.parametrize("name", ["press-4", "größe 7", "a" * 256])
def test_a_name_comes_through(name: str) -> None:
    assert sent_by(of_sender(name)) == name


def test_nobody_costs_no_header() -> None:
    assert of_sender(None) is NONE
    assert sent_by(NONE) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"", None),
        (b"a\tb\n\x00c\\N", "a\ufffdb\ufffd\ufffdc\\N"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x" * 100_000, "x" * 256),
    ],
)
def test_what_others_wrote_is_made_fit_to_be_stored(value: bytes, name: str | None) -> None:
    assert sent_by([("traceparent", b"00-1"), (SENT_BY, value)]) == name


def test_only_the_sender_is_passed_on() -> None:
    headers = [("traceparent", b"00-1"), *of_sender("press-4"), ("ce_id", b"7")]
    assert passed_on(headers) == of_sender("press-4")
