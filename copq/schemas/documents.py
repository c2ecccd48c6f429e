"""The contracts as files: JSON Schema and AsyncAPI, generated from the models.

`python -m copq.schemas.documents` writes them, with `--check` it exits 1 and names the stale ones.
"""

import json
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from copq.schemas.asyncapi import asyncapi
from copq.schemas.bases import BaseFile
from copq.schemas.events import EVENT
from copq.schemas.groups import GroupFile
from copq.schemas.priced import Outcome, Pricing
from copq.schemas.projects import ProjectFile
from copq.schemas.rates import RateFile
from copq.schemas.rejected import RejectedEvent
from copq.schemas.standing_costs import StandingCostFile
from copq.schemas.targets import TargetFile

FOLDER = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ALONE, _TOGETHER = "#/$defs/{name}", "#/components/schemas/{name}"
Schema = dict[str, Any]


def documents() -> dict[Path, str]:
    """Every generated file, with the text it should have."""
    alone = {
        "event": ("Quality event", _event(_ALONE)),
        "priced_event": ("Priced event", _priced_event(_ALONE)),
        "rate_file": ("Rate file", RateFile.model_json_schema()),
        "base_file": ("Base file", BaseFile.model_json_schema()),
        "group_file": ("Group file", GroupFile.model_json_schema()),
        "project_file": ("Project file", ProjectFile.model_json_schema()),
        "standing_cost_file": ("Standing cost file", StandingCostFile.model_json_schema()),
        "target_file": ("Target file", TargetFile.model_json_schema()),
        "rejected": ("Rejected event", RejectedEvent.model_json_schema()),
    }
    found = {
        FOLDER / "json" / f"{name}.schema.json": {"$schema": DIALECT, **schema, "title": title}
        for name, (title, schema) in alone.items()
    }
    found[FOLDER / "asyncapi.json"] = asyncapi(_components())
    return {path: _text(content) for path, content in found.items()}


def _components() -> Schema:
    """All schemas under one roof, by name."""
    named = {
        "PricedEvent": _priced_event(_TOGETHER),
        "RejectedEvent": RejectedEvent.model_json_schema(ref_template=_models(_TOGETHER)),
    }
    parts = [schema.pop("$defs") for schema in named.values()]
    return {name: part for found in parts for name, part in found.items()} | named


def _event(template: str) -> Schema:
    return EVENT.json_schema(ref_template=_models(template))


def _models(template: str) -> str:
    """The place where pydantic puts the name."""
    return template.replace("{name}", "{model}")


def _priced_event(template: str) -> Schema:
    """A pricing as msgspec writes it, and next to it the event's own bytes."""
    _, written = msgspec.json.schema_components([Pricing], ref_template=template)
    pricing, event = written.pop("Pricing"), _event(template)
    parts = event.pop("$defs") | {name: _tidy(part) for name, part in written.items()}
    outcome = {"enum": [str(outcome) for outcome in Outcome]}
    properties = {"event": event, **pricing["properties"], "outcome": outcome}
    required = ["event", *pricing["required"]]
    return {**pricing, "properties": properties, "required": required, "$defs": parts}


def _tidy(part: Schema) -> Schema:
    return {**part, "description": cleandoc(part["description"])}


def _text(content: Schema) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def stale() -> list[Path]:
    """The files that differ from what they should be."""
    return [p for p, text in documents().items() if not p.exists() or p.read_text("utf-8") != text]


def write() -> None:
    """Bring every file up to date."""
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say which are stale: 1 if any is."""
    if arguments != ["--check"]:
        write()
        return 0
    found = stale()
    for path in found:
        print(f"{path.relative_to(FOLDER.parents[1])} is stale: run make schemas")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
