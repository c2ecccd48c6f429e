"""From rows to events: a mapping applied, with no clock, no database and no order of rows."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from services.ingest.files.clock import Clock
from services.ingest.files.conditions import Values, check
from services.ingest.files.event_fields import EventFields, NoEvent
from services.ingest.files.event_id import event_id
from services.ingest.files.faults import RowFault
from services.ingest.files.mapping import Mapping
from services.ingest.files.mapping_check import TIMES
from services.ingest.files.rows import BrokenRow, Row
from services.ingest.files.stops import Stops

_encode = msgspec.json.Encoder().encode


class Converted(NamedTuple):
    """One event as the bytes of a JSON object, and the row (for a stop the first) it is of."""

    row: int
    event_type: str
    raw: bytes


class Unreadable(NamedTuple):
    """A row that makes no event, though it should: nothing of it is sent."""

    row: int
    field: str
    message: str


class Converter:
    """Applies a mapping. The same rows give the same events, and in the same order."""

    def __init__(self, mapping: Mapping) -> None:
        clock = Clock(mapping.time_zone, mapping.time_format)
        self._clock = clock
        self._makers = list(_event_makers(mapping, clock))
        self._stops = [Stops(mapping, number, clock) for number in range(len(mapping.stops))]
        self._time_columns = _time_columns(mapping)
        self.rows = 0
        """Rows read so far."""
        self.ambiguous = 0
        """Of these, rows whose local time came twice that night, and was taken as the first."""

    def events(self, rows: Iterable[Row | BrokenRow]) -> Iterator[Converted | Unreadable]:
        """The events of all rows, then the stops: call it once."""
        for row in rows:
            self.rows += 1
            if isinstance(row, BrokenRow):
                yield Unreadable(row.number, "", row.message)
            else:
                yield from self._of_row(row)
        yield from self._of_stops()

    def _of_row(self, row: Row) -> list[Converted] | list[Unreadable]:
        try:
            made = [
                Converted(row.number, maker.event_type, _encode(event))
                for maker in self._makers
                if (event := maker.make(row.values)) is not None
            ]
            stopped = [stops.read(row.number, row.values) for stops in self._stops]
        except RowFault as fault:
            return [Unreadable(row.number, fault.field, fault.message)]
        kept = [stops.keep(found) for stops, found in zip(self._stops, stopped, strict=True)]
        if made or any(kept):
            self.ambiguous += any(self._is_ambiguous(row.values[c]) for c in self._time_columns)
        return made

    def _is_ambiguous(self, text: str) -> bool:
        try:
            return bool(text) and self._clock.read(text).ambiguous
        except RowFault:  # of a column that this row's events have no use for
            return False

    def _of_stops(self) -> Iterator[Converted | Unreadable]:
        for stops in self._stops:
            for run in stops.runs():
                try:
                    yield Converted(run.first.number, "downtime", _encode(stops.event(run)))
                except NoEvent:
                    continue
                except RowFault as fault:
                    yield Unreadable(run.first.number, fault.field, fault.message)


class _EventMaker:
    """Makes the event of one entry of `events`, or none."""

    def __init__(self, mapping: Mapping, index: int, number: int, clock: Clock) -> None:
        declared = mapping.events[index]
        self.event_type = declared.type
        self._name, self._number, self._key = mapping.name, number, declared.id
        self._holds = check(declared.when)
        self._fields = EventFields(declared.type, mapping.constants, declared.fields, clock)

    def make(self, values: Values) -> dict[str, object] | None:
        if not self._holds(values):
            return None
        try:
            fields = self._fields.of(values)
        except NoEvent:
            return None
        key = [values[column] for column in self._key]
        made = event_id(self._name, self.event_type, self._number, key)
        return {"event_id": made, "event_type": self.event_type, **fields}


def _event_makers(mapping: Mapping, clock: Clock) -> Iterator[_EventMaker]:
    """Entries of one type are numbered apart, so that other types can come and go between."""
    numbers: Counter[str] = Counter()
    for index, declared in enumerate(mapping.events):
        yield _EventMaker(mapping, index, numbers[declared.type], clock)
        numbers[declared.type] += 1


def _time_columns(mapping: Mapping) -> list[str]:
    """The columns that hold a time, save those whose values are translated first."""
    named = {
        source.column
        for event in mapping.events
        for name, source in event.fields.items()
        if name in TIMES and source.values is None
    } | {stop.time for stop in mapping.stops}
    return sorted(column for column in named if column is not None)
