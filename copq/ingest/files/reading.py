"""How a mapping's texts are read: times, numbers, and the parts of an event's id."""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import NamedTuple

from copq.ingest.files.cells import name_text
from copq.ingest.files.clock import Clock
from copq.ingest.files.faults import RowFault
from copq.ingest.files.field_kinds import TIMES, is_number
from copq.ingest.files.mapping import EventMapping, Mapping, Source, StopMapping
from copq.ingest.files.numbers import Read, number_reader


class Reading(NamedTuple):
    clock: Clock
    number: Read


def reading_of(mapping: Mapping) -> Reading:
    return Reading(Clock(mapping), number_reader(mapping.numbers))


def day_columns(mapping: Mapping) -> set[str]:
    """The columns of `occurred_at`, which may hold a production day."""
    return {column for name, column in _times(mapping) if name == "occurred_at"}


def time_columns(mapping: Mapping) -> set[str]:
    """All columns that hold times, except those whose values are translated first."""
    return {column for _, column in _times(mapping)} | {stop.time for stop in mapping.stops}


def start_columns(mapping: Mapping) -> set[str]:
    """The columns of times by which a file may be in order: not when something ended."""
    starts = {column for name, column in _times(mapping) if name != "ended_at"}
    return starts | {stop.time for stop in mapping.stops}


def number_columns(mapping: Mapping) -> set[str]:
    """All columns that are read as numbers."""
    return set(_numbers(mapping))


def _times(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for event in mapping.events:
        for name, source in event.fields.items():
            if name in TIMES and source.column is not None and source.values is None:
                yield name, source.column


def _numbers(mapping: Mapping) -> Iterator[str]:
    parts: tuple[EventMapping | StopMapping, ...] = (*mapping.events, *mapping.stops)
    for part in parts:
        yield from (
            column for column, condition in part.when.items() if condition.above is not None
        )
        kind = part.type if isinstance(part, EventMapping) else "downtime"
        for name, source in part.fields.items():
            yield from _number_columns(kind, name, source)
    for stop in mapping.stops:
        yield from (c for c, condition in stop.planned.items() if condition.above is not None)


def _number_columns(event_type: str, name: str, source: Source) -> tuple[str, ...]:
    if source.sum or (source.values is None and is_number(event_type, name)):
        return source.columns
    return ()


def key_parts(mapping: Mapping, reading: Reading) -> dict[str, Callable[[str], str]]:
    """For the columns of an id: what a cell means, so that another spelling is the same event."""
    times, days, numbers = time_columns(mapping), day_columns(mapping), number_columns(mapping)

    def part(column: str) -> Callable[[str], str]:
        if column in times:
            read = reading.clock.read_day if column in days else reading.clock.read
            return lambda text: read(text).instant.astimezone(UTC).isoformat() if text else ""
        if column in numbers:
            return lambda text: _number(reading, column, text)
        return name_text

    return {column: part(column) for event in mapping.events for column in event.id}


def _number(reading: Reading, column: str, text: str) -> str:
    """A number without the zeros that say nothing; other text as it is."""
    try:
        return f"{reading.number(column, text).normalize():f}" if text else ""
    except RowFault:
        return name_text(text)
