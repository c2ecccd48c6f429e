"""Tokens as text: random, recognisable, known by their hash."""

import hmac
import re

import pytest

from copq.access.token import fits, hash_of, id_of, new_token


def test_a_token_is_recognisable_and_never_the_same() -> None:
    tokens = [new_token() for _ in range(200)]
    assert all(re.fullmatch(r"copq_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", t.text) for t in tokens)
    assert len({t.text for t in tokens}) == len({t.token_id for t in tokens}) == 200


def test_it_is_found_by_its_id_and_fits_its_own_hash_alone() -> None:
    mine, other = new_token(), new_token()
    assert id_of(mine.text) == mine.token_id
    assert fits(mine.text, mine.hash)
    assert not fits(mine.text, other.hash)
    assert not fits(mine.text[:-1], mine.hash)
    assert not fits(mine.text, None)


@pytest.mark.parametrize("text", ["", "x", "Bearer", "copq", "a" * 10_000, "cöpq_1_2", "\ud800"])
def test_what_is_no_token_has_no_id(text: str) -> None:
    assert id_of(text) == ""
    assert not fits(text, hash_of("copq_1_2"))


def test_an_unknown_token_is_compared_as_a_wrong_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    really = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(len(one) + len(other))
        return really(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    fits("copq_1_2", None)
    fits("copq_1_2", new_token().hash)
    assert compared == [64, 64]


def test_its_secret_is_in_no_repr() -> None:
    token = new_token()
    assert token.text not in repr(token) and token.hash.hex() not in repr(token)
