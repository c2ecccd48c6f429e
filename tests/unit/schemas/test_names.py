"""A name is a value: the same in each spelling of Unicode, and of characters that can be seen."""

import json

import pytest

from copq.posting.batch import Batch
from copq.pricing.price import price
from copq.schemas.decode import decode, decode_strictly
from copq.schemas.events import EVENT_MODELS
from copq.schemas.names import canonical, is_plain, visible
from copq.schemas.priced import encode
from copq.schemas.refusal import Refused
from tests.support.building import book, defect, production

AT = "2026-03-02T10:00:00+01:00"


def compact(raw: bytes, ascii_only: bool = False) -> bytes:
    return json.dumps(json.loads(raw), ensure_ascii=ascii_only, separators=(",", ":")).encode()


SPELLINGS = ["Café 1", "Cafe\u0301 1", "Café\u00a01", "Café\u20091", " Café 1 ", "Café 1\u00a0"]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("field", ["event_id", "plant", "line", "product", "lot", "shift"])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("rare", [True, False])
def test_a_name_is_kept_in_one_spelling(
    name: str, field: str, ascii_only: bool, rare: bool
) -> None:
    """By the quick reader and the strict one, and by what is booked of the event's bytes."""
    whole = {**json.loads(production("a", AT)), field: name}
    if rare:
        whole["event_type"] = "downgrade"
    raw = compact(json.dumps(whole).encode(), ascii_only)
    assert getattr(decode(raw), field) == getattr(decode_strictly(raw), field) == SPELLINGS[0]
    batch = Batch()
    batch.add(encode(raw, price(decode(raw), book())))
    if field != "lot":
        columns = [column for row in batch.rows for column in row.split("\t")]
        assert SPELLINGS[0] in columns
        assert name == SPELLINGS[0] or name not in columns


@pytest.mark.parametrize("blank", [" ", ""])
def test_a_blank_in_ascii_is_seen_as_well(blank: str) -> None:
    raw = compact(defect("a", AT, line=f"L1{blank}"))
    assert decode(raw).line == "L1"
    assert is_plain(raw) is (not blank)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("L\u200b1", 'holds U+200B (ZERO WIDTH SPACE) after "L": remove it'),
        ("\ufeffL1", "holds U+FEFF (ZERO WIDTH NO-BREAK SPACE) at its start: remove it"),
        ("a\u202eb", 'holds U+202E (RIGHT-TO-LEFT OVERRIDE) after "a": remove it'),
        ("a\u2066b", 'holds U+2066 (LEFT-TO-RIGHT ISOLATE) after "a": remove it'),
        ("a\x85b", 'holds U+0085 (control character) after "a": remove it'),
        ("a\x9b31m", 'holds U+009B (control character) after "a": remove it'),
        ("a\nb", 'holds U+000A (control character) after "a": remove it'),
        ("a\u00adb", 'holds U+00AD (SOFT HYPHEN) after "a": remove it'),
        ("a\u2028b", 'holds U+2028 (LINE SEPARATOR) after "a": remove it'),
        ("a\U000e0041", 'holds U+E0041 (TAG LATIN CAPITAL LETTER A) after "a": remove it'),
        ("Caf\ufffd", 'holds U+FFFD (REPLACEMENT CHARACTER) after "Caf": it was read in the '
                      "wrong encoding"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["line", "event_id", "product"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_nobody_sees_is_refused_and_named(
    name: str, said: str, field: str, ascii_only: bool
) -> None:
    whole = {**json.loads(defect("a", AT)), field: name}
    raw = json.dumps(whole, ensure_ascii=ascii_only).encode()
    with pytest.raises(Refused) as caught:
        decode(raw)
    refusal = caught.value.refusal
    assert (refusal.code, refusal.field) == ("bad_identifier", field)
    assert refusal.message == f"{field} {said}"


@pytest.mark.parametrize("name", ["[/]", "[bold]L1", "=1+1", "L1 / links", "線 1", "خط ١", "a\\b"])
def test_signs_that_can_be_seen_are_a_name(name: str) -> None:
    assert decode(compact(defect("a", AT, line=name))).line == name


def test_a_note_may_join_letters_but_not_turn_the_text_around() -> None:
    attributes = {"note": "می\u200cخواهم \U0001f468\u200d\U0001f527"}
    assert decode(defect("a", AT, attributes=attributes)).attributes == attributes
    for note in ("a\u202eb", "a\x9bb"):
        with pytest.raises(Refused, match="holds U"):
            decode(compact(defect("a", AT, attributes={"note": note})))


def test_every_event_type_checks_every_name() -> None:
    """No field of a name was left out of the kind."""
    for tag, model in EVENT_MODELS.items():
        for name, field in model.model_fields.items():
            if "Identifier" in str(field.annotation) or name in ("event_id", "corrects"):
                whole = {**json.loads(defect("a", AT)), "event_type": tag, name: "a\u200bb"}
                with pytest.raises(Refused) as caught:
                    decode(json.dumps(whole).encode())
                assert caught.value.refusal.message


def test_text_for_a_terminal_spells_out_what_would_act_on_it() -> None:
    assert visible("L1\x1b[2J\x9b\u202e\r") == "L1<U+001B>[2J<U+009B><U+202E><U+000D>"
    assert visible("two\nlines\tand ü") == "two\nlines\tand ü"


def test_the_one_spelling_is_stable() -> None:
    for name in SPELLINGS:
        assert canonical(canonical(name)) == canonical(name)
