"""Whether a mapping makes events at all: its fields against those of the event types."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from copq.ingest.files.field_kinds import TIMES
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.time_pattern import pattern_faults
from copq.schemas.events import EVENT_MODELS, Downtime, Grades, QualityEvent
from copq.schemas.refusal import PRICE_NAMES, nearest

_MADE = {
    "event_id": "is made from the columns of `id`",
    "event_type": "is the `type`",
}
_OF_RUNS = {
    **dict.fromkeys(TIMES, "is made from the rows' times"),
    "planned": "has a condition of its own next to `fields`",
}


def inconsistencies(mapping: Mapping) -> list[str]:
    """A sentence for each fault: none means that every event has what its type needs."""
    if not mapping.events and not mapping.stops:
        return ["has neither events nor stops: it would import nothing"]
    return [
        *_time_format(mapping),
        *_constants(mapping.constants),
        *(fault for faults in _of_events(mapping) for fault in faults),
        *(fault for faults in _of_stops(mapping) for fault in faults),
    ]


def _time_format(mapping: Mapping) -> Iterator[str]:
    if mapping.time_format is not None:
        has_day = mapping.production_day is not None
        zone = ZoneInfo(mapping.time_zone) if mapping.time_zone else None
        faults = pattern_faults(mapping.time_format, has_day, zone)
        yield from (f"time_format: {fault}" for fault in faults)


def _constants(names: Iterable[str]) -> Iterator[str]:
    made = _MADE | dict.fromkeys(TIMES, "differs from row to row: map it under fields")
    yield from _misnamed("constants", names, QualityEvent, made)


def _of_events(mapping: Mapping) -> Iterator[Iterator[str]]:
    for number, event in enumerate(mapping.events):
        where, model = f"events.{number}.fields", EVENT_MODELS[event.type]
        yield _misnamed(where, event.fields, model, _MADE)
        yield _missing(where, {*event.fields, *mapping.constants}, model, set())


def _of_stops(mapping: Mapping) -> Iterator[Iterator[str]]:
    for number, stop in enumerate(mapping.stops):
        where = f"stops.{number}.fields"
        yield _misnamed(where, stop.fields, Downtime, _MADE | _OF_RUNS)
        yield _missing(where, {*stop.fields, *mapping.constants}, Downtime, {"started_at"})


def _misnamed(
    where: str, names: Iterable[str], model: type[QualityEvent], made: dict[str, str]
) -> Iterator[str]:
    for name in names:
        if name in made:
            yield f"{where}.{name}: {made[name]}"
        elif name.lower() in PRICE_NAMES:
            yield (
                f"{where}.{name}: an event says what happened, never what it cost; "
                "costs come from the rate book (copq rates import)"
            )
        elif not _is_field(name, model):
            yield f"{where}.{name}: is not a field of the event{nearest(name, model.model_fields)}"


def _is_field(name: str, model: type[QualityEvent]) -> bool:
    """`attributes.x` and `grades.x` name a member; a field that is a map has no value itself."""
    field, dot, member = name.partition(".")
    if field == "attributes":
        return bool(member)
    if field == "grades":
        return member in Grades.model_fields and "grades" in model.model_fields
    return not dot and field in model.model_fields


def _missing(
    where: str, given: set[str], model: type[QualityEvent], made: set[str]
) -> Iterator[str]:
    # A stop occurs as it starts; the event fills that in itself.
    made = made | set(_MADE) | ({"occurred_at"} if model is Downtime else set())
    for name, field in model.model_fields.items():
        if field.is_required() and name not in given and name not in made:
            yield f"{where}: {name} is missing; map it to a column, or set it under constants"
