"""The published contracts are those of the models, and their examples hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.schemas import documents
from copq.schemas.decode import decode, decode_strictly
from copq.schemas.events import EVENT_MODELS
from copq.schemas.examples import EXAMPLES
from copq.schemas.priced import encode


def published(name: str) -> Any:
    return json.loads((documents.FOLDER / name).read_text("utf-8"))


def test_the_files_are_fresh() -> None:
    assert documents.stale() == []


def test_writing_is_deterministic() -> None:
    assert documents.documents() == documents.documents()


def test_a_stale_file_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(documents, "FOLDER", tmp_path / "copq" / "schemas")
    (tmp_path / "copq" / "schemas").mkdir(parents=True)
    assert documents.main([]) == 0
    (tmp_path / "copq" / "schemas" / "asyncapi.json").write_text("{}")
    assert documents.main(["--check"]) == 1
    assert capsys.readouterr().out == "copq/schemas/asyncapi.json is stale: run make schemas\n"


def test_there_is_an_example_of_each_event_type() -> None:
    messages = published("asyncapi.json")["components"]["messages"]
    shown = [
        example["payload"]
        for message in messages.values()
        for example in message.get("examples", ())
    ]
    assert sorted(event["event_type"] for event in shown) == sorted(EVENT_MODELS)
    for event in shown:
        assert decode_strictly(json.dumps(event).encode()).event_id == event["event_id"]


def test_every_reference_leads_somewhere() -> None:
    document = published("asyncapi.json")
    found = list(_references(document))
    assert len(found) > 40
    for reference in found:
        place = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def _references(part: Any) -> Any:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _references(item)


def _validator(name: str) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    schema = published(f"json/{name}.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_an_example_fits_the_schema_and_its_mutilation_does_not(event_type: str) -> None:
    validator, event = _validator("event"), EXAMPLES[event_type]
    assert list(validator.iter_errors(event)) == []
    assert not validator.is_valid({**event, "price": 3})
    assert not validator.is_valid({**event, "plant": ""})
    assert not validator.is_valid({n: v for n, v in event.items() if n != "event_id"})


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_a_priced_event_fits_its_schema(event_type: str) -> None:
    raw = json.dumps(EXAMPLES[event_type]).encode()
    message = encode(raw, price(decode(raw), RateBook()))
    assert list(_validator("priced_event").iter_errors(json.loads(message))) == []
