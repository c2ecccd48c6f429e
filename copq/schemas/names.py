"""Names as values: a name is the same however its letters are encoded, and it can be read.

Two spellings of one name that nobody can tell apart must not be two lines of a plant. So a name
is kept in Unicode's form NFC, with plain blanks and none around it; and a character that is
invisible, or that moves the text around it, is refused.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029"
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LOST = "\ufffd"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
)
_BEYOND = "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
"""Halves of characters, and the invisible ones of the higher planes."""


def _escape(ranges: str) -> str:
    """A regular expression's class in ASCII, as JSON Schema can have it."""
    return "".join(c if c == "-" else f"\\u{ord(c):04x}" for c in ranges)


NAME_PATTERN = f"^[^{_escape(_CONTROL + _DIRECTION + _LOST + _INVISIBLE)}]+$"
"""For JSON Schema, which writes only the characters of the basic plane so that all read it."""
TEXT_PATTERN = f"^[^{_escape(_CONTROL + _DIRECTION)}]+$"
"""A note may hold what joins letters and emoji; nothing that moves the text around it."""

_NO_NAME = re.compile(f"[{_CONTROL}{_DIRECTION}{_LOST}{_INVISIBLE}{_BEYOND}]")
_NO_TEXT = re.compile(f"[{_CONTROL}{_DIRECTION}\ud800-\udfff\U000e0000-\U000e0fff]")
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029" + _DIRECTION + _BEYOND + "]")
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def are_kept_as_they_are(names: Iterable[str | None]) -> bool:
    """Whether each name is spelt as it is kept, and may be one."""
    written = [name for name in names if name]
    return _are_plain(written) or all(map(_is_kept_as_it_is, written))


def _are_plain(names: list[str]) -> bool:
    """Whether no name needs a closer look: the short way, since each event has an id of its own."""
    text = f"|{'|'.join(names)}|"
    return text.isascii() and text.isprintable() and "| " not in text and " |" not in text


@lru_cache(maxsize=16_384)
def _is_kept_as_it_is(name: str) -> bool:
    return canonical(name) == name and fault_of_name(name) is None


@lru_cache(maxsize=16_384)
def canonical(name: str) -> str:
    """The one spelling of a name: NFC, its blanks plain, none around it."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", name)).strip(" ")


def fault_of_name(name: str) -> str | None:
    """What a name holds that none may: `holds U+200B (ZERO WIDTH SPACE) after "Caf"`."""
    return _fault(_NO_NAME, name)


def fault_of_text(text: str) -> str | None:
    """As `fault_of_name`, of a note."""
    return _fault(_NO_TEXT, text)


def _fault(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    if found is None:
        return None
    before = text[: found.start()]
    where = f'after "{visible(before[-20:])}"' if before else "at its start"
    lost = ": it was read in the wrong encoding" if found[0] == _LOST else ": remove it"
    return f"holds {describe_character(found[0])} {where}{lost}"


def describe_character(character: str) -> str:
    """`U+200B (ZERO WIDTH SPACE)`."""
    name = unicodedata.name(character, "")
    kind = name or ("control character" if unicodedata.category(character) == "Cc" else "no name")
    return f"U+{ord(character):04X} ({kind})"


def visible(text: str) -> str:
    """A text from outside, fit for a terminal or a log: what would act on it is spelt out."""
    if text.isascii() and text.isprintable():
        return text
    return _RAW.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def visible_json(text: str) -> str:
    """JSON of the same value in which what would act on a terminal is escaped."""
    return _RAW.sub(lambda found: json.dumps(found[0])[1:-1], text)


def is_plain(raw: bytes) -> bool:
    """Whether all names in the bytes of a JSON object are spelt as they are kept, for certain."""
    if not raw.isascii() or b"\\" in raw or b"\x7f" in raw:
        return False
    return b" " not in raw or not (b' "' in raw or b'" ' in raw)
