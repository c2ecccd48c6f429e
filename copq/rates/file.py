"""Reading a rate file: from YAML to a validated `RateFile`; each fault names its place."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from copq.rates.book import compound_name
from copq.schemas.rates import RateFile
from copq.schemas.refusal import nearest

M = TypeVar("M", bound=BaseModel)
Place = Callable[[tuple[Any, ...]], str]
"""The place in the file for a location of pydantic's."""

_DATED = ("plant_currencies", "cost_tables", "line_rates", "labour_rates")


class RateFileError(ValueError):
    """The file is refused as a whole; `faults` has a sentence for each thing to fix."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_rate_file(path: Path) -> RateFile:
    """The rates of a YAML file. Raises `RateFileError` with all faults found, `OSError`."""
    return parse_rates(decode(path.read_bytes()))


def decode(data: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RateFileError([f"is not UTF-8: {error}"]) from None


def parse_rates(text: str) -> RateFile:
    """As `read_rate_file`, from text. Numbers are read as they are written, never as floats."""
    holds = "a rate file has plants, cost_tables, line_rates, …"
    return check_consistency(parse_dated(text, RateFile, _DATED, holds))


def rates_of(data: dict[str, Any], place: Place) -> RateFile:
    """The rates of a YAML layout whose values are text; `place` locates each fault."""
    return check_consistency(validate(data, RateFile, _DATED, place))


def check_consistency(rates: RateFile) -> RateFile:
    """The same rates. Raises `RateFileError` if one item contradicts another."""
    if faults := [*_duplicates(rates), *_contradictions(rates)]:
        raise RateFileError(faults)
    return rates


def parse_dated(text: str, model: type[M], dated: tuple[str, ...], holds: str) -> M:
    """A file of lists; items of the lists `dated` have effective dates. Raises as `rates_of`."""
    from yaml import YAMLError  # slow to load, and of use here alone

    from copq.text.yaml_scalars import load_scalars

    try:
        data = load_scalars(text)
    except YAMLError as error:
        raise RateFileError([f"is not YAML: {error}"]) from None
    if not isinstance(data, dict):
        raise RateFileError([f"is empty: {holds}"])
    return validate(data, model, dated, dotted)


def validate(data: dict[str, Any], model: type[M], dated: tuple[str, ...], place: Place) -> M:
    """The content as `model`. Raises `RateFileError`; `place` locates each fault."""
    try:
        return model.model_validate(_with_offsets(data, dated))
    except ValidationError as error:
        raise RateFileError([_fault(e, model, place) for e in error.errors()]) from None


def dotted(location: tuple[Any, ...]) -> str:
    """`cost_tables.0.stages.2.raw_material`: the third stage of the first table."""
    return ".".join(map(str, location))


def _with_offsets(data: dict[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    """The content with the offset of the file's time zone on its dates and local times."""
    zone = data.get("time_zone")
    known = {name: data[name] for name in lists if isinstance(data.get(name), list)}
    dated = {name: [_item(item, zone) for item in items] for name, items in known.items()}
    return {**data, **dated}


def _item(item: Any, zone: Any) -> Any:
    if not isinstance(item, dict):
        return item
    named = {name: _instant(item[name], zone) for name in _EFFECTIVE if name in item}
    return {**item, **named}


_EFFECTIVE = ("effective_from", "effective_to")


def _instant(text: Any, zone: Any) -> Any:
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is None and zone:
            # An offset rather than a zone: in the hour that a clock change repeats Python takes
            # no instant of one zone for the same as one of another.
            return datetime.fromisoformat(local.replace(tzinfo=ZoneInfo(zone)).isoformat())
        return local
    except (TypeError, ValueError, KeyError, OSError):
        return text


def _fault(error: Any, model: type[BaseModel], place: Place) -> str:
    where = place(error["loc"])
    if error["type"] == "timezone_aware":
        return f"{where}: has no offset; add one, or set time_zone at the top of the file"
    if error["type"] == "value_error" and error["loc"][-1:] in {(n,) for n in _EFFECTIVE}:
        return f"{where}: is not a date: write 2026-01-31, or 2026-01-31T06:00:00+01:00"
    if error["type"] == "extra_forbidden":
        return f"{where}: is not a field here{nearest(str(error['loc'][-1]), _field_names(model))}"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _field_names(model: type[BaseModel]) -> set[str]:
    schema = model.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    return {name for model in models for name in model.get("properties", {})}


def _duplicates(rates: RateFile) -> list[str]:
    """Faults of items that occur twice with the same effective date."""
    seen: set[tuple[object, ...]] = set()
    faults = []
    for kind, key, start, _ in items_of(rates):
        if (kind, key, start) in seen:
            faults.append(f"{kind} {key} from {start} is there twice")
        seen.add((kind, key, start))
    return faults


def _contradictions(rates: RateFile) -> list[str]:
    plants = {plant.plant: plant for plant in rates.plants if plant.lines}
    return [
        f'line_rates: line "{rate.line}" is not in plant "{rate.plant}"; '
        f"its lines are {', '.join(plants[rate.plant].lines)}"
        for rate in rates.line_rates
        if rate.plant in plants and rate.line not in plants[rate.plant].lines
    ]


ALWAYS = datetime.combine(date(1970, 1, 1), datetime.min.time(), ZoneInfo("UTC"))
"""A plant has no effective date: it is there from the beginning."""


def items_of(rates: RateFile) -> list[tuple[str, str, datetime, Any]]:
    """All items of a file: kind, key within the kind, effective from, the item."""
    plants = [("plant", p.plant, ALWAYS, p) for p in rates.plants]
    currencies = [("plant_currency", c.plant, c.effective_from, c) for c in rates.plant_currencies]
    tables = [
        ("cost_table", compound_name(t.plant, t.product), t.effective_from, t)
        for t in rates.cost_tables
    ]
    lines = [
        ("line_rate", compound_name(r.plant, r.line), r.effective_from, r) for r in rates.line_rates
    ]
    labour = [
        ("labour_rate", compound_name(r.plant, r.grade), r.effective_from, r)
        for r in rates.labour_rates
    ]
    return [*plants, *currencies, *tables, *lines, *labour]
