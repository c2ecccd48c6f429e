"""Events that were sound once, with fields changed, added, renamed or left out."""

import json
from collections.abc import Callable

from hypothesis import strategies as st

from copq.schemas.events import EVENT_MODELS
from copq.schemas.examples import EXAMPLES
from tests.support.schemas.odd import ODD_MAPS, ODD_NUMBERS, ODD_TAGS, ODD_TEXTS, ODD_TIMES

Pairs = list[tuple[str, str]]
"""The fields of an object, each with its literal: a name may be there twice."""

literals = st.one_of(
    st.sampled_from((*ODD_NUMBERS, *ODD_TEXTS, *ODD_MAPS, *ODD_TAGS)),
    st.sampled_from(ODD_TIMES).map(json.dumps),
    st.datetimes(timezones=st.timezones()).map(lambda at: json.dumps(at.isoformat())),
    st.text().map(json.dumps),
    st.text(alphabet=st.characters(exclude_categories=["Cs"])).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    st.decimals(allow_nan=True).map(str),
    st.decimals(0, 2 * 10**9, places=6).map(str),
)
names = st.one_of(
    st.sampled_from([name for model in EVENT_MODELS.values() for name in model.model_fields]),
    st.sampled_from(["price", "Quantity", "quantty", "minutes ", "replacement", "\x00"]),
    st.text(max_size=8),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """An event that was sound, with up to three fields changed, added, renamed or left out."""
    event = EXAMPLES[draw(st.sampled_from(list(EXAMPLES)))]
    pairs = [(name, json.dumps(value)) for name, value in event.items()]
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=3)):
        change(draw, pairs)
    return as_json(pairs)


def as_json(pairs: Pairs) -> bytes:
    fields = (f"{json.dumps(name)}:{value}" for name, value in pairs)
    return ("{" + ",".join(fields) + "}").encode(errors="surrogatepass")


def _index(draw: st.DrawFn, pairs: Pairs) -> int:
    return draw(st.integers(0, max(len(pairs) - 1, 0)))


def _drop(draw: st.DrawFn, pairs: Pairs) -> None:
    at = _index(draw, pairs)
    del pairs[at : at + 1]


def _change(draw: st.DrawFn, pairs: Pairs) -> None:
    at = _index(draw, pairs)
    pairs[at : at + 1] = [(name, draw(literals)) for name, _ in pairs[at : at + 1]]


def _rename(draw: st.DrawFn, pairs: Pairs) -> None:
    at = _index(draw, pairs)
    pairs[at : at + 1] = [(draw(names), value) for _, value in pairs[at : at + 1]]


def _add(draw: st.DrawFn, pairs: Pairs) -> None:
    pairs.insert(_index(draw, pairs), (draw(names), draw(literals)))


def _repeat(draw: st.DrawFn, pairs: Pairs) -> None:
    pairs.extend((name, draw(literals)) for name, _ in pairs[_index(draw, pairs) :][:1])


CHANGES: tuple[Callable[[st.DrawFn, Pairs], None], ...] = (_drop, _change, _rename, _add, _repeat)
