"""Whether an API server would take a manifest: Kubernetes' own schemas, and those of operators."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).with_name("schemas")
VERSIONS = ("1.29", "1.37")
"""Of Kubernetes: the oldest that the chart names, and the newest that the checker knows."""


def check(manifest: dict[str, Any]) -> None:
    """Raise `ValidationError` unless it is valid, without unknown fields."""
    if (SCHEMAS / f"{manifest['kind']}.json").exists():
        _operator_schema(manifest["kind"]).validate(manifest)
        return
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)


@cache
def _operator_schema(kind: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text())
    return Draft202012Validator(_closed(schema) | {"additionalProperties": True})


def _closed(schema: Any) -> Any:
    """An API server drops what it does not know, in silence: a misspelt field is refused here."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(part) for key, part in schema.items()}
    if isinstance(found.get("properties"), dict) and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found
