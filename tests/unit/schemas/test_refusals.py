"""The tables of docs/refusals.md, tried row by row; and the file of docs/rates.md."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import localcontext
from pathlib import Path
from typing import Any

import pytest

from copq.ledger.arithmetic import MONEY
from copq.pricing.clock_check import check_not_future
from copq.pricing.price import price
from copq.rates.file import parse_rates
from copq.rates.store import book_of
from copq.schemas.decode import decode
from copq.schemas.examples import EXAMPLES
from copq.schemas.priced import Outcome
from copq.schemas.refusal import Refusal, Refused, nearest

DOCS = Path(__file__).parents[3] / "docs"
REFUSALS, RATES = ((DOCS / name).read_text("utf-8") for name in ("refusals.md", "rates.md"))
BASE = json.loads(re.findall(r"```json\n(.*?)```", REFUSALS, re.S)[0])
BOOK = book_of(parse_rates(re.findall(r"```yaml\n(.*?)```", RATES, re.S)[0]))


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without their ticks."""
    section = REFUSALS.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in row.split("|")[1:-1]] for row in rows]


def message(example: str) -> bytes:
    """The bytes that an example stands for."""
    if example.startswith("-"):
        return _json({name: said for name, said in BASE.items() if name != example[1:]})
    try:
        changed = json.loads(example)
    except ValueError:
        return example.encode()
    if not isinstance(changed, dict):
        return example.encode()
    return _json({**EXAMPLES.get(changed.get("event_type", ""), BASE), **changed})


def _json(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def refusal(raw: bytes) -> Refusal:
    with pytest.raises(Refused) as refused:
        check_not_future(decode(raw), datetime.now(UTC))
    return refused.value.refusal


REFUSED = [row for row in table("Refused") if row[1]]


def test_the_tables_are_found() -> None:
    assert len(REFUSED) > 40
    assert len(table("Unpriced")) > 5


@pytest.mark.parametrize(("why", "example", "code", "field"), REFUSED)
def test_a_refused_row_is_refused_as_it_says(why: str, example: str, code: str, field: str) -> None:
    said = refusal(message(example))
    assert (said.code, said.field) == (code, field), said.message


@pytest.mark.parametrize(("why", "example", "reason"), table("Unpriced"))
def test_an_unpriced_row_has_the_reason_it_says(why: str, example: str, reason: str) -> None:
    with localcontext(MONEY):
        pricing = price(decode(message(example)), BOOK)
    assert pricing.outcome == Outcome.UNPRICED
    assert (pricing.reason or "").startswith(reason)


@pytest.mark.parametrize("event_type", EXAMPLES)
def test_the_documented_rates_price_every_example(event_type: str) -> None:
    with localcontext(MONEY):
        pricing = price(decode(_json(EXAMPLES[event_type])), BOOK)
    assert pricing.outcome != Outcome.UNPRICED, pricing.reason


def test_the_event_that_is_changed_is_accepted() -> None:
    assert BASE.items() <= EXAMPLES["defect"].items()
    check_not_future(decode(_json(BASE)), datetime(2026, 1, 31, 13, 5, tzinfo=UTC))


def test_the_nearest_name_is_said() -> None:
    said = refusal(message('{"event_type": "defct"}')).message
    assert said.startswith('"defct" is not an event type; did you mean "defect"?; it is one of')
    said = refusal(message('{"quantty": 14}')).message
    assert said == '"quantty" is not a field of defect events; did you mean "quantity"?'


@pytest.mark.parametrize(
    ("asked", "known", "meant"),
    [
        ("LEKA", ["LEAK", "CRACK"], "LEAK"),
        ("leka", ["LEAK", "CRACK"], "LEAK"),
        ("leak", ["LEAK"], "LEAK"),
        ("Prses", {"Press", "Oven"}, "Press"),
        ("GROSSE", ["Größe", "Länge"], "Größe"),
        ("line3-fli", ["LINE3-FIL", "LINE2-PCK"], "LINE3-FIL"),
    ],
)
def test_capitals_do_not_hide_the_nearest_name(
    asked: str, known: Iterable[str], meant: str
) -> None:
    assert nearest(asked, known) == f'; did you mean "{meant}"?'


def test_a_name_like_none_of_the_known_ones_has_no_hint() -> None:
    assert nearest("LEAK", ["Oven", "PRESS"]) == ""


def test_every_code_there_is_is_in_the_table() -> None:
    documented = {row[2] for row in table("Refused")}
    sources = (
        "copq/schemas/refusal.py", "copq/schemas/decode.py", "copq/pricing/clock_check.py",
        "copq/posting/id_conflicts.py", "copq/ingest/names.py",
    )  # fmt: skip
    text = "".join((DOCS.parent / name).read_text("utf-8") for name in sources)
    used = set(re.findall(r'Refusal\(\s*"(\w+)"', text)) | set(
        re.findall(r'": "(\w+)",', text.split("_CODES = {")[1].split("}")[0])
    )
    assert used | {"invalid_value"} == documented
