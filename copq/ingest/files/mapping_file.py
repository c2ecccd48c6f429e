"""Reading a mapping file: YAML in, a checked `Mapping` out, every fault named with its place."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from copq.ingest.files.faults import MappingError
from copq.ingest.files.mapping import EventType, Mapping
from copq.ingest.files.mapping_check import inconsistencies
from copq.schemas.refusal import nearest
from copq.text.yaml_scalars import load_scalars


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file. Raises `MappingError` with all faults found, `OSError`."""
    return parse_mapping(path.read_text(encoding="utf-8"))


def parse_mapping(text: str) -> Mapping:
    """As `read_mapping`, from text. Scalars are read as they are written."""
    try:
        data = load_scalars(text)
    except yaml.YAMLError as error:
        raise MappingError([f"is not YAML: {error}"]) from None
    if not isinstance(data, dict):
        raise MappingError(["is empty: a mapping has name, constants, events, stops, …"])
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        raise MappingError([_fault(e) for e in error.errors()]) from None
    if faults := [*_encoding(mapping), *inconsistencies(mapping)]:
        raise MappingError(faults)
    return mapping


def _fault(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: is not a name here{nearest(str(error['loc'][-1]), _names())}"
    if error["loc"][-1] == "type" and error["type"] == "literal_error":
        known = EventType.__args__  # type: ignore[attr-defined]
        return f'{where}: "{error["input"]}" is not an event type{nearest(error["input"], known)}'
    said = error["msg"].removeprefix("Value error, ")
    return f"{where}: {said[0].lower()}{said[1:]}"


def _names() -> set[str]:
    schema = Mapping.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    return {name for model in models for name in model.get("properties", {})}


def _encoding(mapping: Mapping) -> list[str]:
    name = mapping.file.encoding
    try:
        readable = "a,b\n".encode(name).decode(name) == "a,b\n"
    except (LookupError, UnicodeError):
        readable = False
    return [] if readable else [f'file.encoding: "{name}" is not an encoding; utf-8, cp1252, …']
