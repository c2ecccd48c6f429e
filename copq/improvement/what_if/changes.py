"""The changes of a what-if, as people write them: `halve code=LEAK; move code=DENT to mixing`.

A change is of events, or of the rate book. Changes of events apply in the order in which they are
written, and so do those of rates.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby

from copq.schemas.events import EVENT_MODELS
from copq.schemas.names import canonical
from copq.schemas.refusal import none_of

MOST = 10
"""The number of changes of one question."""

FORMS = (
    "halve code=LEAK", "scale code=LEAK by 0.3", "remove type=downtime machine=M2",
    "move code=LEAK to mixing", "rate labour=standard by 1.1",
    "rate product=TR29 stages.P3.raw_material to 5.20",
)  # fmt: skip
"""One example of each form."""

COLUMNS = {
    "plant": "plant", "line": "line", "product": "product", "stage": "stage", "type": "event_type",
    "code": "defect_code", "machine": "work_unit", "shift": "shift", "supplier": "supplier",
}  # fmt: skip
"""What a change names events by, and the field of the event."""

TYPES = tuple(name for name in EVENT_MODELS if name not in ("production", "correction"))
"""Events that cost something themselves."""

MOVED = ("defect", "scrap")
"""Events whose cost depends on the stage at which they are found."""

KINDS = ("product", "line", "labour")
"""Whose rate changes: a product's cost table, a line rate, a labour rate of a grade."""

_PLACES, _LARGEST = 9, Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class EventChange:
    """What happens to the events that have all of these `names`, by field of the event.

    Either they keep the share `factor` of their amounts (0: they do not happen), or they are found
    at `stage`.
    """

    text: str
    names: Mapping[str, str]
    factor: Decimal | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class RateChange:
    """A changed rate, for the whole window: multiplied by `factor`, or set to `value`.

    `figure` names the figure as in a rate file; None: all money of the item.
    """

    text: str
    kind: str
    name: str
    figure: str | None
    factor: Decimal | None = None
    value: Decimal | None = None


Change = EventChange | RateChange


class ChangeError(ValueError):
    """A change that is not possible: what is wrong, and how to write it."""

    def __init__(self, text: str, fault: str) -> None:
        super().__init__(f'change "{text}": {fault}')


def parse_changes(text: str) -> tuple[Change, ...]:
    """The changes in their order, with a semicolon between two. Raises `ChangeError`, or
    `ValueError` if there are none."""
    each = [words for words in _split_changes(text) if words]
    if not each:
        raise ValueError(f"name a change, for example: {'; '.join(FORMS)}")
    if len(each) > MOST:
        raise ValueError(f"these are {len(each)} changes; ask for at most {MOST} at once")
    return tuple(map(_change, each))


def _change(words: Sequence[str]) -> Change:
    text, verb, rest = shlex.join(words), words[0], words[1:]
    match verb:
        case "halve":
            return EventChange(text, _names(text, rest), factor=Decimal("0.5"))
        case "remove":
            return EventChange(text, _names(text, rest), factor=Decimal(0))
        case "scale":
            of, by = _split(text, rest, "by")
            return EventChange(text, _names(text, of), factor=_share(text, by))
        case "move":
            of, to = _split(text, rest, "to")
            return EventChange(text, _moved(text, _names(text, of)), stage=canonical(to))
        case "rate":
            return _rate(text, rest)
    verbs = ("halve", "scale", "remove", "move", "rate")
    raise ChangeError(text, f'"{verb}" {none_of(verb, verbs)}. Examples: {"; ".join(FORMS)}')


def _split_changes(text: str) -> list[list[str]]:
    """The words of each change; a quoted semicolon is part of a name."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return [list(words) for is_end, words in groupby(lexer, _is_end) if not is_end]
    except ValueError:
        raise ChangeError(
            text, 'a quote has no end; quote names with blanks: code="bad lot"'
        ) from None


def _is_end(word: str) -> bool:
    return not word.strip(";")


def _split(text: str, words: Sequence[str], before: str) -> tuple[Sequence[str], str]:
    """The words before `by` or `to`, and the one after it."""
    if len(words) < 2 or words[-2] != before:
        raise ChangeError(text, f'end it with "{before}" and a value. Examples: {"; ".join(FORMS)}')
    return words[:-2], words[-1]


def _names(text: str, words: Sequence[str]) -> dict[str, str]:
    pairs = [_pair(text, word, tuple(COLUMNS)) for word in words]
    names = {COLUMNS[key]: name for key, name in pairs}
    if not names:
        raise ChangeError(text, f"name the events by one or more of {', '.join(COLUMNS)}")
    if len(names) < len(pairs):
        raise ChangeError(text, "it names the same thing twice; write a change for each name")
    if "event_type" in names and names["event_type"] not in TYPES:
        raise ChangeError(
            text, f'type "{names["event_type"]}" {none_of(names["event_type"], TYPES)}'
        )
    return names


def _pair(text: str, word: str, keys: Sequence[str]) -> tuple[str, str]:
    key, equals, name = word.partition("=")
    if not equals or not name:
        raise ChangeError(text, f'"{word}" is not a name such as {keys[-1]}=NAME')
    if key not in keys:
        raise ChangeError(text, f'"{key}" {none_of(key, keys)}')
    return key, canonical(name)


def _moved(text: str, names: dict[str, str]) -> dict[str, str]:
    kind = names.get("event_type")
    if kind is not None and kind not in MOVED:
        raise ChangeError(
            text, f"only {' and '.join(MOVED)} events cost what their stage says; {kind} does not"
        )
    return names


def _number(text: str, word: str) -> Decimal:
    try:
        number = Decimal(word)
    except InvalidOperation:
        raise ChangeError(text, f'"{word}" is not a number such as 0.5') from None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_PLACES or abs(number) > _LARGEST:
        raise ChangeError(
            text, f"{word} has more than {_PLACES} decimals, or is above {_LARGEST:,}"
        )
    return number


def _share(text: str, word: str) -> Decimal:
    """The share of the amounts that stays."""
    share = _number(text, word)
    if not 0 <= share <= 1:
        raise ChangeError(
            text, f"{word} is not from 0 to 1: it is the share that stays, 0.5 for a half"
        )
    return share


def _rate(text: str, words: Sequence[str]) -> RateChange:
    way = words[-2] if len(words) > 2 else ""
    if way not in ("by", "to") or len(words) > 4:
        raise ChangeError(text, f"write it as: {'; '.join(FORMS[-2:])}")
    kind, name = _pair(text, words[0], KINDS)
    figure = words[1] if len(words) == 4 else None
    number = _number(text, words[-1])
    if number < 0:
        raise ChangeError(text, f"{words[-1]} is below 0: a rate is 0 or more")
    if way == "by":
        return RateChange(text, kind, name, figure, factor=number)
    if figure is None:
        raise ChangeError(text, "name the figure that is set, for example rate_per_hour")
    return RateChange(text, kind, name, figure, value=number)
