"""Events damaged at random from a seed, a hundred thousand in a few seconds."""

import json
import random
from collections.abc import Iterator

from copq.schemas.events import EVENT_MODELS
from copq.schemas.examples import EXAMPLES
from tests.support.schemas.mutated import as_json
from tests.support.schemas.odd import ODD_IDS, ODD_MAPS, ODD_NUMBERS, ODD_TAGS, ODD_TEXTS, ODD_TIMES

_LITERALS = (*ODD_NUMBERS, *ODD_TEXTS, *ODD_MAPS, *ODD_TAGS, *ODD_IDS, *map(json.dumps, ODD_TIMES))
_NAMES = sorted({name for model in EVENT_MODELS.values() for name in model.model_fields})
_ODD_NAMES = ("price", "Quantity", "quantty", "minutes ", "", "\x00", "é", "x" * 300)
_KINDS = [kind for kind in EXAMPLES for _ in range(1 if kind == "downtime" else 4)]
"""A line's stops are booked again with each that is reported: they are slow, and so are rare."""

_BYTES = (b"\x00", b"\xff", b"\xed\xa0\x80", b'"', b"{", b"}", b"\\", b",", b"\r", b"\x7f", b"")


def payloads(count: int, seed: int) -> Iterator[bytes]:
    """Each had an id of its own before it was damaged; a third are left whole."""
    chance = random.Random(seed)
    for number in range(count):
        event = {**EXAMPLES[chance.choice(_KINDS)], "event_id": f"{seed}-{number}"}
        if "replacement" in event:
            replacement = {**event["replacement"], "event_id": f"{seed}-{number}-new"}
            event["replacement"] = replacement
        pairs = [(name, json.dumps(value)) for name, value in event.items()]
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            _change(chance, pairs)
        yield _damage(chance, as_json(pairs))


def _change(chance: random.Random, pairs: list[tuple[str, str]]) -> None:
    at = chance.randrange(len(pairs) + 1)
    what = chance.randrange(4)
    if what == 0 or at == len(pairs):
        pairs.insert(at, (_name(chance), chance.choice(_LITERALS)))
    elif what == 1:
        del pairs[at]
    elif what == 2:
        pairs[at] = (pairs[at][0], chance.choice(_LITERALS))
    else:
        pairs[at] = (_name(chance), pairs[at][1])


def _name(chance: random.Random) -> str:
    return chance.choice(_NAMES if chance.random() < 0.7 else _ODD_NAMES)


def _damage(chance: random.Random, raw: bytes) -> bytes:
    if chance.random() < 0.9:
        return raw
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice(_BYTES) + raw[at + chance.randrange(3) :]
